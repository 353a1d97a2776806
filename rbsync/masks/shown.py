"""The picture that labels show, whoever drew them: outlines or a label map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.classes.class_map import unpack
from rbsync.masks.classes.colour_table import index_type
from rbsync.masks.encodings.label_objects import category_name
from rbsync.masks.encodings.pixel import decode_pixel
from rbsync.masks.label_maps import LabelMap, picture_of, volumes_of
from rbsync.masks.png.decoding import MAX_PIXELS


def shown_picture(
    labels: Sequence[dict[str, Any]],
    maps: Sequence[LabelMap],
    size: tuple[int, int],
    max_pixels: int = MAX_PIXELS,
) -> ClassIndex | None:
    """The class index of labels, None when they are of a volume.

    ``size`` is (width, height), for labels that do not say it. Raises MaskError for labels that
    cannot be drawn.
    """
    if maps:
        return picture_of(volumes_of(labels, maps))
    outlined = [one for one in labels if one.get("pixel") is not None]
    names = tuple(dict.fromkeys(map(category_name, outlined)))
    # Drawn in colours that are the numbers themselves, since that is what is drawn elsewhere too.
    colours = {name: unpack(number) for number, name in enumerate(names, 1)}
    drawn = decode_pixel(outlined, colours, imagesize=size, max_pixels=max_pixels)
    wide = drawn.astype(np.uint32)
    numbers = wide[..., 0] | wide[..., 1] << 8 | wide[..., 2] << 16
    return ClassIndex(numbers.astype(index_type(len(names))), names)
