"""Masks of many sizes, numbers of classes and textures, to measure converters with."""

from __future__ import annotations

import io
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from rbsync.masks import ClassMap
from tests.masks.pictures import colours

Array = npt.NDArray[Any]

SIZES, CLASSES, TEXTURES = (512, 2048, 8192), (1, 20, 200), ("blobs", "speckle")


class Case(NamedTuple):
    """``side`` x ``side`` pixels; the texture is ``blobs`` or ``speckle``."""

    side: int
    classes: int
    texture: str

    def class_map(self) -> ClassMap:
        return colours(self.classes)

    def png(self) -> bytes:
        palette = np.array([(0, 0, 0), *self.class_map().values()], np.uint8)
        file = io.BytesIO()
        Image.fromarray(palette[self._index()]).save(file, "PNG", compress_level=4)
        return file.getvalue()

    def _index(self) -> Array:
        rng = np.random.default_rng(0)
        if self.texture == "speckle":
            some = rng.random((self.side, self.side), dtype=np.float32) < 0.02
            classes = rng.integers(1, self.classes + 1, some.shape, dtype=np.uint8)
            return np.where(some, classes, np.uint8(0))
        cells = np.float32(max(2, np.sqrt(2 * self.classes)))
        along = np.arange(self.side, dtype=np.float32) * (cells / np.float32(self.side))
        column = (along + _waves(rng, self.side)).astype(np.int32)
        row = (along[:, np.newaxis] + _waves(rng, self.side)).astype(np.int32)
        classes = ((row * 31 + column * 17) % self.classes + 1).astype(np.uint8)
        return np.where(_waves(rng, self.side) > -0.15, classes, np.uint8(0))


def _waves(rng: np.random.Generator, side: int) -> Array:
    """A smooth field (side, side) of about -1 to 1, with a fine grain at its edges."""
    coarse = Image.fromarray(rng.standard_normal((24, 24)).astype(np.float32) / 2)
    field = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC))
    return field + rng.standard_normal((side, side), dtype=np.float32) * np.float32(0.002)


def cases(smoke: bool) -> list[Case]:
    """All of them, or with ``smoke`` only small ones of few classes."""
    return [
        Case(side, classes, texture)
        for side in (SIZES[:1] if smoke else SIZES)
        for texture in TEXTURES
        for classes in (CLASSES[:2] if smoke else CLASSES)
    ]
