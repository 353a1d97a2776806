"""Pixels of labels that cannot be seen in a mask, since another label lies over them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from rbsync.masks.classes.colour_table import index_type
from rbsync.masks.encodings.label_objects import category_name, image_size, outline_of
from rbsync.masks.outlines.fill import paint_each
from rbsync.masks.png.decoding import MAX_PIXELS


class Hidden(NamedTuple):
    """The pixels of a category that are under another one; ``is_all`` says that none is seen."""

    category: str
    under: str
    pixels: int
    is_all: bool


def hidden_pixels(
    labels: Sequence[dict[str, Any]], *, max_pixels: int = MAX_PIXELS
) -> list[Hidden]:
    """The losses of drawing labels over each other in their order, by pairs of categories.

    Labels without `pixel` are not drawn. Raises MaskError as `decode_pixel` does.
    """
    drawn = [one for one in labels if one.get("pixel") is not None]
    names = list(dict.fromkeys(map(category_name, drawn)))
    if len(names) < 2:
        return []
    width, height = image_size(drawn, None, max_pixels)
    canvas = np.zeros((height, width), index_type(len(names)))
    values = {name: value for value, name in enumerate(names, 1)}
    painted = paint_each(canvas, ((values[category_name(one)], outline_of(one)) for one in drawn))
    # Labels that lie apart, which is nearly all, are not drawn a second time.
    if painted == np.count_nonzero(canvas):
        return []
    return [
        found for name in names for found in _of_category(name, names, values[name], drawn, canvas)
    ]


def _of_category(
    name: str, names: Sequence[str], value: int, drawn: Sequence[dict[str, Any]], canvas: Any
) -> list[Hidden]:
    own = np.zeros(canvas.shape, np.bool_)
    paint_each(own, ((1, outline_of(one)) for one in drawn if category_name(one) == name))
    seen = np.bincount(canvas[own], minlength=len(names) + 1)
    is_all = not seen[value]
    return [
        Hidden(name, names[other - 1], int(seen[other]), is_all)
        for other in map(int, np.flatnonzero(seen))
        if other != value
    ]
