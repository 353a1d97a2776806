"""Colours -> class index, in one pass whatever the number of classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.masks.classes.class_map import (
    BLACK,
    ClassMap,
    Colour,
    read_class_map,
    read_ignored,
    without_background,
)
from rbsync.masks.classes.class_numbers import class_numbers
from rbsync.masks.classes.colour_table import ColourTable, colour_table, index_type
from rbsync.masks.classes.picture import STRIP, MaskSource, Picture, open_picture, packed_pixels
from rbsync.masks.classes.transparent import BACKGROUND, Alpha, without_hidden
from rbsync.masks.classes.undeclared import undeclared_colours
from rbsync.masks.kernel import compiled
from rbsync.masks.png.decoding import MAX_PIXELS

Array = npt.NDArray[Any]

# Pixels at a time for what needs no room of its own; some pictures are copied strip by strip.
_KERNEL_STRIP = 1 << 22


@dataclass(frozen=True, slots=True, eq=False)
class ClassIndex:
    """Which class each pixel is of: ``pixels`` (height, width) of uint8, uint16 or uint32.

    0 is background, ``v`` stands for ``names[v - 1]``. The type is the smallest that holds all;
    other integers are converted. ``transparent`` is how many pixels are background only for being
    transparent. Raises MaskError as `class_numbers` does.
    """

    pixels: Array
    names: tuple[str, ...]
    transparent: int = 0

    def __post_init__(self) -> None:
        # Whoever makes an index from an array of their own may have int64 or a transposed view. The
        # kernel would read past the end of either.
        object.__setattr__(self, "pixels", class_numbers(self.pixels))

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
    alpha: Alpha = BACKGROUND,
    max_pixels: int = MAX_PIXELS,
) -> ClassIndex:
    """The class index of an RGB mask: an array (m, n, 3) uint8, a PNG's bytes, or its path.

    Transparent pixels are background, unless ``alpha`` is to be ignored. Raises MaskError for what
    `open_picture`, `read_class_map` and `read_ignored` refuse, for partly transparent pixels, and
    for colours that are neither of a class nor background; OSError for files that cannot be read.
    """
    checked = without_background(read_class_map(class_map), ignore_colors)
    ignored = read_ignored(ignore_colors, checked)
    picture = open_picture(mask, checked, max_pixels=max_pixels)
    hidden = 0
    if picture.has_alpha and alpha == BACKGROUND:
        picture, ignored, hidden = without_hidden(picture, checked, ignored)
    return ClassIndex(look_up(picture, checked, ignored), tuple(checked), hidden)


def look_up(picture: Picture, class_map: ClassMap, ignored: tuple[Colour, ...]) -> Array:
    """The class of every pixel (h, w). Raises MaskError for a colour that is not declared."""
    index = np.empty((picture.height, picture.width), index_type(len(class_map)))
    table = colour_table(tuple(class_map.values()), ignored)
    classify, size = classify_with_numpy, STRIP
    if compiled.available():
        classify, size = compiled.classify, _KERNEL_STRIP
    flat = index.reshape(-1)
    for start, colours in picture.strips(size):
        out = flat[start : start + len(colours)]
        # The report counts all strays of the picture in a pass of its own. Masks that are right,
        # which are nearly all, do not pay for it.
        if classify(colours, table, out) < len(colours):
            raise undeclared_colours(picture, class_map, ignored)
    return index


def classify_with_numpy(colours: Array, table: ColourTable, out: Array) -> int:
    """The twin of `compiled.classify`."""
    packed = packed_pixels(colours)
    # Masks are runs of one colour. Only the first pixel of each run is looked up.
    starts = np.flatnonzero(packed[1:] != packed[:-1]) + 1
    starts = np.concatenate([[0], starts])
    found = packed[starts]
    places = np.searchsorted(table.colours, found)
    declared = table.colours[places] == found
    if not declared.all():
        return int(starts[declared.argmin()])
    out[:] = np.repeat(table.classes[places], np.diff(starts, append=len(packed)))
    return len(packed)
