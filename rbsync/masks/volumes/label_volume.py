"""A label map in three dimensions: which structure each voxel of a series is of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rbsync.masks.error import MaskError, many
from rbsync.masks.nifti.file import write_nifti
from rbsync.masks.png.decoding import Named
from rbsync.masks.volumes.segmentation import (
    Segmentation,
    check_segmentation,
    check_structure,
    shape_problem,
)

Array = npt.NDArray[Any]
Label = dict[str, Any]

_AT_ONCE = 1 << 20
_COPIES = 3
"""Label maps in memory while one is merged with another."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelVolume:
    """Voxels (x, y, z) of uint8 or uint16, x running fastest in memory.

    0 is background, every other value that occurs has its category in ``names``. ``affine`` (3, 4)
    float32 leads from voxels to millimetres.
    """

    voxels: Array
    affine: Array
    names: Mapping[int, str]

    def labels(self, series: int) -> list[Label]:
        """A label for each value, for the series of this number."""
        return [
            {
                "category": [["object", self.names[value]]],
                "attributes": [],
                "volumeindex": series,
                "dicom": {"instanceid": value},
            }
            for value in sorted(self.names)
        ]


class Checked(NamedTuple):
    """The label map of a series, None when there are ``problems``, and the bytes to be sent.

    ``alike`` are the numbers of the files that have one and the same single value.
    """

    volume: LabelVolume | None
    problems: tuple[MaskError, ...]
    plain: bytes | None = None
    alike: tuple[int, ...] = ()

    def data(self) -> bytes:
        """The file of the label map: the given one where there is one that can be sent as it is."""
        assert self.volume is not None  # noqa: S101  (nothing is sent that has problems)
        return self.plain or write_nifti(self.volume.voxels, self.volume.affine)


def check_series(
    files: Sequence[Named],
    segment_map: Mapping[int, str],
    scan_shape: Sequence[int] | None = None,
    *,
    is_binary: bool = False,
    most_bytes: int | None = None,
) -> Checked:
    """The segmentations of one series as one label map, and all that is wrong with them.

    Several files must have one grid and agree where they overlap. With ``is_binary`` what is not
    0 in the first file has the value 1 of the segment map, in the second 2, and so on. Raises
    MaskError for a file that cannot be read, or whose voxels take more than ``most_bytes``.
    """
    if most_bytes is not None and len(files) > 1:
        most_bytes //= _COPIES

    def read(number: int) -> Segmentation:
        if is_binary:
            return check_structure(files[number], number + 1, scan_shape, most_bytes)
        return check_segmentation(files[number], segment_map, scan_shape, most_bytes)

    first = read(0)
    each = [first.values]
    merged, values = first, set(first.values)
    problems = list(first.problems)
    for number, file in enumerate(files[1:], 1):
        other = read(number)
        each.append(other.values)
        found = other.problems or tuple(_disagreement(merged, other, files[0].file, file.file))
        problems += found
        if not problems:
            merged = _merged(merged, other)
            values |= set(other.values)
    if problems or merged.voxels is None:
        return Checked(None, tuple(problems))
    names = {value: segment_map[value] for value in sorted(values)}
    # The user's own file is sent where it can be: what arrives is then what they have, byte by
    # byte.
    plain = files[0].data if len(files) == 1 and first.is_plain else None
    volume = LabelVolume(merged.voxels, first.affine, names)
    return Checked(volume, (), plain, _alike(each))


def _alike(each: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The files with one single value, where several have the same: structures, most likely."""
    single = [values[0] for values in each if len(values) == 1]
    shared = next((value for value in single if single.count(value) > 1), None)
    if shared is None or len(single) < len(each):
        return ()
    return tuple(number for number, values in enumerate(each) if values == (shared,))


def _disagreement(one: Segmentation, other: Segmentation, name: str, file: str) -> list[MaskError]:
    if one.shape != other.shape:
        return [shape_problem(other.shape, f"`{name}` of the same series is not", file)]
    # Programs that resample round differently in the last digits of float32.
    if not np.allclose(one.affine, other.affine, rtol=1e-4, atol=1e-3):
        hint = "resample the segmentations of a series onto the grid of its scan"
        message = f"this segmentation lies elsewhere in the world than `{name}` of the same series"
        return [MaskError("affine", message, hint=hint, file=file)]
    if one.voxels is None or other.voxels is None:
        return []
    count, first = _conflicts(_flat(one.voxels), _flat(other.voxels))
    if not count:
        return []
    where = ", ".join(str(int(at)) for at in np.unravel_index(first, one.shape, order="F"))
    message = (
        f"this segmentation and those before it say different things of {many(count, 'voxel')}, "
        f"first of ({where})"
    )
    hint = "merge the files so that each voxel has one value"
    return [MaskError("overlap", message, hint=hint, file=file)]


def _conflicts(one: Array, other: Array) -> tuple[int, int]:
    """Returns how many voxels have two different labels, and the place of the first."""
    count = first = 0
    for start in range(0, len(one), _AT_ONCE):
        a, b = one[start : start + _AT_ONCE], other[start : start + _AT_ONCE]
        # A million at a time: three arrays of truth for a whole scan are more than the scan.
        wrong = (a != 0) & (b != 0) & (a != b)
        if wrong.any() and not count:
            first = start + int(wrong.argmax())
        count += int(wrong.sum())
    return count, first


def _merged(one: Segmentation, other: Segmentation) -> Segmentation:
    assert one.voxels is not None  # noqa: S101  (files with problems are not merged)
    assert other.voxels is not None  # noqa: S101
    # A second file may have values above 255.
    voxels = one.voxels.astype(np.promote_types(one.voxels.dtype, other.voxels.dtype))
    into, given = _flat(voxels), _flat(other.voxels)
    for start in range(0, len(into), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        np.copyto(into[part], given[part], where=given[part] != 0)
    return replace(one, voxels=voxels)


def _flat(voxels: Array) -> Array:
    """A view of the voxels in the order of the file."""
    return voxels.reshape(-1, order="F")
