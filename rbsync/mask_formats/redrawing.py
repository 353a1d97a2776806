"""The way back: what labels show is drawn into the files that a mask was read from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.mask_formats import MASK_FORMATS
from rbsync.mask_formats.base import NotDrawnError, Redrawing
from rbsync.mask_formats.reading import read_class_index
from rbsync.mask_formats.recipe import Recipe
from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.png.decoding import Named

Array = npt.NDArray[Any]


def redrawn(recipe: Recipe, files: Sequence[Named], shown: ClassIndex) -> list[bytes]:
    """The files of a mask, so that they say what ``shown`` says; what says it already stays.

    Only the pixels that are of another class now are drawn: whatever else a file holds, such as a
    border that is of no class, is the work of its maker. Raises NotDrawnError for what the format
    cannot say, and MaskError for files that cannot be read.
    """
    before = read_class_index(recipe, files)
    after = in_classes_of(before, shown)
    if before.pixels.shape != after.shape:
        raise NotDrawnError("its labels are of a picture of another size")
    changed = before.pixels != after
    if not changed.any():
        return [one.data for one in files]
    form = MASK_FORMATS.find(recipe.format)
    assert form is not None  # noqa: S101  (nothing could be read without it)
    return form().redraw(Redrawing(recipe, files, after, changed))


def in_classes_of(before: ClassIndex, shown: ClassIndex) -> Array:
    """The class of every pixel that is shown, by the numbers of another index (height, width)."""
    numbers = {name: number for number, name in enumerate(before.names, 1)}
    table = np.zeros(len(shown.names) + 1, before.pixels.dtype)
    for number in sorted(set(np.unique(shown.pixels).tolist()) - {0}):
        name = shown.names[number - 1]
        if name not in numbers:
            raise NotDrawnError(f"its masks have no class `{name}`")
        table[number] = numbers[name]
    return table[shown.pixels]
