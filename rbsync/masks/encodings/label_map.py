"""The `nifti` encoding: a mask as a label map with one label for each class, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.masks.classes.class_index import ClassIndex, read_mask
from rbsync.masks.classes.class_map import BLACK, ClassMap, Colour, read_background, read_class_map
from rbsync.masks.classes.picture import MaskSource
from rbsync.masks.classes.present import present
from rbsync.masks.encodings.label_objects import category_value, instance_id
from rbsync.masks.error import MaskError
from rbsync.masks.nifti.file import LONGEST_SIDE, read_nifti, write_nifti
from rbsync.masks.volumes.values import LARGEST_VALUE, distinct

Label = dict[str, Any]


def encode_nifti(
    mask: MaskSource,
    class_map: ClassMap,
    ignore_colors: Sequence[Sequence[int]] = (BLACK,),
) -> tuple[bytes, list[Label]]:
    """A gzip-compressed NIfTI-1 file of shape (width, height, 1), and one label per class present.

    ``mask`` is an array (m, n, 3) uint8, the bytes of a PNG, or its path. A voxel has the place of
    its class in the class map, counted from 1, as uint8 or uint16; the affine is
    diag(-1, -1, 1, 1). Raises MaskError, OSError as `read_mask` does.
    """
    return label_map_of(read_mask(mask, class_map, ignore_colors))


def label_map_of(index: ClassIndex) -> tuple[bytes, list[Label]]:
    """`encode_nifti` of a class index. Raises MaskError for what NIfTI-1 cannot hold."""
    check_fits(index.width, index.height, len(index.names))
    labels = [_label(index.names[value - 1], value) for value in present(index)]
    # NIfTI has x first, pictures have rows first.
    return write_nifti(index.pixels.T[:, :, np.newaxis]), labels


def check_fits(width: int, height: int, classes: int, *, file: str = "") -> None:
    """Raise MaskError for a mask that a label map cannot hold."""
    if classes > LARGEST_VALUE:
        raise MaskError(
            "too-many-classes",
            f"a NIfTI label map holds {LARGEST_VALUE:,} classes; this class map has {classes:,}",
            hint="use the encoding `pixel`, or take the classes out that the mask lacks",
            file=file,
        )
    if max(width, height) > LONGEST_SIDE:
        raise MaskError(
            "too-long",
            f"a NIfTI-1 file holds {LONGEST_SIDE:,} pixels a side; this mask has "
            f"{width:,} x {height:,}",
            hint="use the encoding `pixel`, or cut the picture into tiles",
            file=file,
        )


def _label(name: str, value: int) -> Label:
    return {
        "category": [["object", name]],
        "attributes": [],
        # As the vendor's client has it in every label of a map, also for a picture, which is the
        # first volume.
        "volumeindex": 0,
        "dicom": {"instanceid": value},
    }


def decode_nifti(
    data: bytes,
    labels: Sequence[Label],
    class_map: ClassMap,
    *,
    background: Sequence[int] = BLACK,
) -> npt.NDArray[np.uint8]:
    """The mask (m, n, 3) uint8 of a label map of one slice.

    Labels without `dicom.instanceid` are not drawn. Raises MaskError for files that are no
    NIfTI label map of one slice, values without a label, categories that the map lacks, and a
    background that is no colour or that of a category.
    """
    colours = read_class_map(class_map)
    voxels = read_nifti(data).voxels
    # A single slice may come with any number of further dimensions of 1.
    if voxels.ndim < 2 or voxels.size != voxels.shape[0] * voxels.shape[1]:
        raise MaskError(
            "not-one-slice",
            f"this label map has the shape {voxels.shape}; a mask is one slice",
            hint="masks are (width, height, 1); use the NIfTI file itself for a volume",
        )
    plane = voxels.reshape(voxels.shape[:2]).T
    palette = _palette(labels, colours, background)
    values = distinct(plane)
    for value in values.tolist():
        if value not in palette:
            raise MaskError(
                "unlabelled-value",
                f"the label map has the value {value:g}, which no label has as its instanceid",
                hint="give the labels that belong to this file",
            )
    table = np.zeros((LARGEST_VALUE + 1, 3), np.uint8)
    table[values.astype(np.int64)] = [palette[value] for value in values.tolist()]
    # Floats that are whole are found in label maps of other tools; they were held against the
    # labels above.
    return table[plane.astype(np.uint16)]


def _palette(
    labels: Sequence[Label], colours: ClassMap, background: Sequence[int]
) -> dict[float, Colour]:
    palette: dict[float, Colour] = {0: read_background(background, colours)}
    values_of = {name: value for value, name in enumerate(colours)}
    ordered = list(colours.values())
    for label in labels:
        value = instance_id(label)
        if value is not None and 1 <= value <= LARGEST_VALUE:
            palette[value] = ordered[category_value(label, values_of)]
    return palette
