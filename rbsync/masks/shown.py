"""The picture that labels show, whoever drew them: outlines or a label map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.encodings.pixel import index_of_labels
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
    return index_of_labels(labels, None, size, max_pixels)
