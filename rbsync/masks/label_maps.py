"""Label maps as a project gives them back: the picture or the volumes that they show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.classes.colour_table import index_type
from rbsync.masks.encodings.label_objects import category_name, instance_id
from rbsync.masks.error import MaskError
from rbsync.masks.identity import identity, identity_of_volume
from rbsync.masks.nifti.file import SLICE_AFFINE
from rbsync.masks.volumes.label_volume import LabelVolume
from rbsync.masks.volumes.segmentation import check_segmentation
from rbsync.masks.volumes.segmentation_recipe import identity_of_series
from rbsync.model.fingerprint import Algorithm

Label = dict[str, Any]


class LabelMap(NamedTuple):
    """A file and the number of the series that it belongs to."""

    series: int
    data: bytes


def volumes_of(labels: Sequence[Label], maps: Sequence[LabelMap]) -> dict[int, LabelVolume]:
    """The label maps by series, with the categories of their values.

    Raises MaskError for files that are no label maps, several of one series, and values without
    a label.
    """
    found: dict[int, LabelVolume] = {}
    for series, data in maps:
        names = {value: category_name(one) for value, one in _of_series(labels, series)}
        read = check_segmentation(data, names)
        if read.problems or read.voxels is None:
            raise read.problems[0]
        if series in found:
            message = f"the series {series} has several label maps"
            hint = "write the labels themselves with `rbsync export labels`"
            raise MaskError("several-maps", message, hint=hint)
        present = {value: names[value] for value in read.values}
        found[series] = LabelVolume(read.voxels, read.affine, present)
    return found


def _of_series(labels: Sequence[Label], series: int) -> Iterator[tuple[int, Label]]:
    for label in labels:
        value = instance_id(label)
        if value is not None and (label.get("volumeindex") or 0) == series:
            yield value, label


def picture_of(volumes: Mapping[int, LabelVolume]) -> ClassIndex | None:
    """The mask that a single label map of one slice shows; None when they are no mask.

    The label map of a mask has the affine of pictures, and a category has one value.
    """
    volume = volumes.get(0)
    if volume is None or len(volumes) > 1 or volume.voxels.shape[2] != 1:
        return None
    # A single slice of a scan is one slice too, but it lies somewhere in a patient. Only masks have
    # the plain affine.
    if not np.array_equal(volume.affine, SLICE_AFFINE):
        return None
    names = list(volume.names.values())
    if len(set(names)) < len(names):
        return None
    table = np.zeros(max(volume.names, default=0) + 1, index_type(len(names)))
    table[list(volume.names)] = np.arange(1, len(names) + 1)
    return ClassIndex(np.ascontiguousarray(table[volume.voxels[:, :, 0].T]), tuple(names))


def identities_of(
    labels: Sequence[Label], maps: Sequence[LabelMap], algorithm: Algorithm = "xxh3"
) -> tuple[str, ...]:
    """All that these labels may be known by: a mask, or the segmentations of series.

    None when there is a label without a voxel, for rbsync makes no such one. Raises MaskError
    as `volumes_of` does.
    """
    volumes = volumes_of(labels, maps)
    # Somebody added a label by hand. It is in no file, so the labels are not those that were sent.
    if sum(len(one.names) for one in volumes.values()) != len(labels):
        return ()
    by_series = {series: identity_of_volume(one, algorithm) for series, one in volumes.items()}
    found = [identity_of_series(by_series, algorithm)]
    picture = picture_of(volumes)
    # Nobody knows whether a label map was made of a picture or of a segmentation. Either identity
    # may be the one in the plan.
    return (*found, identity(picture, algorithm)) if picture else tuple(found)
