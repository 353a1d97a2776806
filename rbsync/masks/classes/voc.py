"""Masks of other makers: indexed PNGs, as in VOC.

Source: the PASCAL VOC development kit, segmentation: the pixel value of an indexed PNG is the
class, 0 the background, 255 a void border that belongs to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.classes.colour_table import index_type
from rbsync.masks.classes.undeclared import refuse_undeclared_values
from rbsync.masks.error import MaskError
from rbsync.masks.png.decoding import MAX_PIXELS, Source, decode_numbers, read_bytes


def read_class_values(data: Any, *, file: str = "") -> dict[str, int]:
    """Check ``{category: pixel value}``, in the order given. Raises MaskError."""
    hint = 'write {"category": value}, each value an integer 0-255 of its own'
    if not isinstance(data, Mapping):
        message = "a class map of an indexed PNG is an object {category: value}"
        raise MaskError("class-map", message, hint=hint, file=file)
    owner: dict[int, str] = {}
    for name, value in data.items():
        if type(value) is not int or not 0 <= value <= 255:
            message = f"category {name!r} has the value {value!r}, not an integer 0-255"
            raise MaskError("class-map", message, hint=hint, file=file)
        if owner.setdefault(value, name) != name:
            message = f"categories {owner[value]!r} and {name!r} have one value, {value}"
            raise MaskError("shared-value", message, hint=hint, file=file)
    return {name: value for value, name in owner.items()}


def read_indexed_png(
    source: Source,
    categories: Mapping[int, str],
    *,
    ignore: Sequence[int] = (0, 255),
    max_pixels: int = MAX_PIXELS,
) -> ClassIndex:
    """A PNG whose pixel values are classes -> class index, in the order of ``categories``.

    ``source`` is the bytes or path of a PNG with a palette, or of a grey one, of 1 to 8 bits; the
    palette's colours are not looked at. ``categories`` is {pixel value: category}; values in
    ``ignore`` become background unless they have a category. Raises MaskError for colour PNGs and
    for values that are in neither.
    """
    _refuse_impossible([*categories, *ignore])
    data, file = read_bytes(source)
    image = decode_numbers(data, file=file, max_pixels=max_pixels)
    # The void border of VOC, 255, is background unless it has a category: it says "not annotated",
    # which is no class.
    refuse_undeclared_values(image, {*categories, *ignore}, len(categories), file)
    table = np.zeros(256, index_type(len(categories)))
    table[list(categories)] = np.arange(1, len(categories) + 1)
    return ClassIndex(table[np.asarray(image)], tuple(categories.values()))


def _refuse_impossible(values: Sequence[int]) -> None:
    for value in values:
        if type(value) is not int or not 0 <= value <= 255:
            raise MaskError(
                "pixel-value",
                f"an indexed PNG has no value {value!r}",
                hint="pixel values are integers 0-255",
            )
