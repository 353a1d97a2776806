"""The extent of labels: of those that are declared, and of those that a project has."""

from __future__ import annotations

import json

from rbsync.applier.present_masks import present_mask
from rbsync.backends.base import TaskContent
from rbsync.labels.covered_area import extent_of
from rbsync.labels.normal import read_labels
from rbsync.model.datapoint import Labels
from rbsync.model.extent import Extent, total
from rbsync.model.plan import Move, Replace, Update


def labels_left(found: TaskContent, action: Update | Replace | Move) -> str:
    """Says what is left of a task's labels, when an action takes away a third or more of them."""
    declared = declared_extent(action.datapoint.labels) if "labels" in action.changed else None
    if declared is None:
        return ""
    present = present_extent(found)
    return present.left_in(declared) if present else ""


def declared_extent(labels: Labels | None) -> Extent | None:
    """The extent of declared labels; None where it is not known."""
    if labels is None or labels.extent is not None:
        return labels.extent if labels else None
    # Counted only when somebody asks: most inline labels have not changed.
    if labels.kind == "objects" and labels.inline:
        return extent_of(json.loads(labels.inline))
    return None


def present_extent(found: TaskContent) -> Extent | None:
    """The extent of what a task has, its label maps read; None where that cannot be told."""
    if (mask := present_mask(found)) is not None:
        import numpy as np

        return Extent(len(mask.names), int(np.count_nonzero(mask.pixels)), mask.pixels.size)
    try:
        labels = read_labels(found.labels or "[]")
    except (ValueError, RecursionError):
        return None
    if not isinstance(labels, list):
        return None
    return _of_maps(labels, found) if found.maps else extent_of(labels)


def _of_maps(labels: list[object], found: TaskContent) -> Extent | None:
    from rbsync.masks import MaskError
    from rbsync.masks.label_maps import LabelMap, volumes_of
    from rbsync.masks.mask_extents import extent_of_volume

    objects = [one for one in labels if isinstance(one, dict)]
    try:
        volumes = volumes_of(objects, [LabelMap(one.series, one.read()) for one in found.maps])
    except MaskError:
        return None
    return total(extent_of_volume(one) for one in volumes.values())
