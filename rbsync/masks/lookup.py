"""Colours -> class index, in one pass whatever the number of classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.masks import kernel
from rbsync.masks.class_map import (
    BLACK,
    ClassMap,
    Colour,
    pack,
    read_class_map,
    read_ignored,
)
from rbsync.masks.picture import MaskSource, Picture, open_picture, packed_pixels
from rbsync.masks.png import MAX_PIXELS
from rbsync.masks.undeclared import undeclared_colours

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class ClassIndex:
    """Which class each pixel is of: ``pixels`` (height, width) of uint8, uint16 or uint32.

    0 is background, ``v`` stands for ``names[v - 1]``. The type is the smallest that holds all.
    """

    pixels: Array
    names: tuple[str, ...]

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])


def read_mask(
    mask: MaskSource,
    class_map: ClassMap,
    ignore_colors: Sequence[Sequence[int]] = (BLACK,),
    *,
    max_pixels: int = MAX_PIXELS,
) -> ClassIndex:
    """The class index of an RGB mask: an array (m, n, 3) uint8, a PNG's bytes, or its path.

    Raises MaskError for what `open_picture`, `read_class_map` and `read_ignored` refuse and for
    colours that are neither of a class nor background; OSError for files that cannot be read.
    """
    checked = read_class_map(class_map)
    ignored = read_ignored(ignore_colors, checked)
    picture = open_picture(mask, checked, max_pixels=max_pixels)
    return ClassIndex(look_up(picture, checked, ignored), tuple(checked))


def look_up(picture: Picture, class_map: ClassMap, ignored: tuple[Colour, ...]) -> Array:
    """The class of every pixel (h, w). Raises MaskError for a colour that is not declared."""
    index = np.empty((picture.height, picture.width), index_type(len(class_map)))
    table = _table(tuple(class_map.values()))
    background = np.array([pack(colour) for colour in ignored], np.uint32)
    classify = kernel.classify if kernel.available() else classify_with_numpy
    flat = index.reshape(-1)
    for start, colours in picture.strips():
        out = flat[start : start + len(colours)]
        if classify(colours, table, background, out) < len(colours):
            raise undeclared_colours(picture, class_map, ignored)
    return index


def index_type(classes: int) -> npt.DTypeLike:
    """The smallest unsigned type that holds 0 (background) to ``classes``."""
    return np.min_scalar_type(classes)


@lru_cache(maxsize=2)
def _table(colours: tuple[Colour, ...]) -> Array:
    """Packed colour -> class, 0 for none, shape (2**24,).

    Kept from mask to mask: of its memory only the pages of colours in use are ever touched, but
    these may be huge pages, and clearing them costs as much as decoding a small mask.
    """
    table = np.zeros(1 << 24, index_type(len(colours)))
    table[[pack(colour) for colour in colours]] = np.arange(1, len(colours) + 1)
    table.flags.writeable = False
    return table


def classify_with_numpy(colours: Array, table: Array, ignored: Array, out: Array) -> int:
    """The twin of `kernel.classify`: the same result, the same ``out`` up to it."""
    packed = packed_pixels(colours)
    np.take(table, packed, out=out, mode="clip")
    missing = out == 0
    for colour in ignored:
        missing &= packed != colour
    return int(missing.argmax()) if missing.any() else len(colours)
