"""Masks of one file for each class: what is not black, or bright enough, is of the class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rbsync.mask_formats.base import MaskFormat, Redrawing
from rbsync.mask_formats.recipe import Recipe
from rbsync.masks.classes.binary_masks import read_binary_pngs
from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.classes.transparent import OF_ALPHA
from rbsync.masks.error import MaskError
from rbsync.masks.png.decoding import Named
from rbsync.masks.png.encoding import png_bytes


class BinaryFormat(MaskFormat):
    """There is no class map: the files stand in the order of the categories."""

    def read_classes(self, data: Any, *, file: str) -> Mapping[str, Sequence[int]]:  # noqa: ARG002  (there is none)
        raise MaskError(
            "class-map", "masks of one file for each class have no class map", file=file
        )

    def class_index(self, recipe: Recipe, files: Sequence[Named]) -> ClassIndex:
        named = dict(zip(recipe.classes, files, strict=True))
        return read_binary_pngs(
            named, threshold=recipe.threshold, alpha=recipe.alpha, max_pixels=recipe.max_pixels
        )

    def redraw(self, wanted: Redrawing) -> list[bytes]:
        before = self.class_index(wanted.recipe, wanted.files).pixels
        after, changed = wanted.after, wanted.changed
        made = []
        for value, file in enumerate(wanted.files, 1):
            # A class of which no pixel changed keeps its file, byte for byte.
            is_other = bool(((before == value) != (after == value))[changed].any())
            white = np.where(after == value, np.uint8(255), np.uint8(0))
            # A mask that is read from its alpha channel is written there too.
            drawn = np.dstack([white] * 4) if wanted.recipe.alpha == OF_ALPHA else white
            made.append(png_bytes(drawn) if is_other else file.data)
        return made
