"""Segmentations of a series: what is in the file, against what the user says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.masks.error import MaskError
from rbsync.masks.nifti.file import MAX_BYTES, NiftiFile
from rbsync.masks.png.decoding import Source, read_bytes
from rbsync.masks.volumes.values import LARGEST_VALUE, Values
from rbsync.masks.volumes.volume_file import NrrdFile, open_volume

Array = npt.NDArray[Any]

_FLAT_SLICE = 3
_MOST_DIGITS = 20
UNMAPPED = "unmapped-values"
_UNPACKED = 2
_WIDENED = 3
"""Bytes of a voxel while its value of 8 bits becomes one of 16."""


@dataclass(frozen=True, slots=True, eq=False)
class Segmentation:
    """The content of a segmentation file, and the problems of it.

    ``voxels`` are uint8 or uint16 of shape (x, y, z), x running fastest in memory, None when they
    are no label values; ``affine`` (3, 4) float32 is where they lie. ``values`` are those that
    occur, without 0; ``unmapped`` those of them that the segment map lacks; ``unused`` those of
    the map that do not occur, which is no fault. ``was_flat`` says that the file had two
    dimensions, ``is_plain`` that it may be sent as it is. ``problems`` are all that was found,
    empty for a good file.
    """

    voxels: Array | None
    shape: tuple[int, ...]
    affine: Array
    values: tuple[int, ...]
    unmapped: tuple[int, ...]
    unused: tuple[int, ...]
    was_flat: bool
    is_plain: bool
    problems: tuple[MaskError, ...]


def check_segmentation(
    source: Source,
    segment_map: Mapping[Any, Any],
    scan_shape: Sequence[int] | None = None,
    most_bytes: int | None = None,
) -> Segmentation:
    """Read a segmentation, NIfTI or NRRD (its bytes or path) and hold it against its segment map.

    ``segment_map`` is {value: category}, values as ints or their text; ``scan_shape`` (x, y, z) is
    that of the scan, where it is known. The file is unpacked piece by piece, so that beside
    ``voxels`` only a few megabytes are needed. Raises MaskError only for a file that cannot be
    read, a segment map that is none, or voxels that need more than ``most_bytes``; OSError.
    """
    mapped = mapped_values(segment_map)
    data, file = read_bytes(source)
    # Floats take eight times the memory of what they become, and as much more time to unpack.
    packed = MAX_BYTES if most_bytes is None else _UNPACKED * most_bytes
    opened = open_volume(data, file=file, max_bytes=packed)
    header = opened.header
    shape = three_dimensions(header.shape)
    seen, voxels = _label_values(opened, most_bytes)
    values, refused = _values(seen, file)
    unmapped = tuple(value for value in values if value not in mapped)
    # All problems of a file at once: a segmentation is often made again by somebody else, who
    # should hear of everything.
    problems = [*refused, *_shape_problems(shape, scan_shape, file)]
    # A scan that was given as its own segmentation has thousands of values. That they are not in
    # the map helps nobody.
    if unmapped and not refused:
        problems.append(_unmapped_problem(unmapped, file))
    return Segmentation(
        voxels=None if refused else voxels.reshape(shape, order="F"),
        shape=shape,
        affine=header.affine,
        values=values,
        unmapped=unmapped,
        unused=tuple(sorted(mapped - set(values))),
        was_flat=len(header.shape) == 2,
        # A label map is packed, of 8 or 16 bits and without scaling. Not every reader applies a
        # scaling, so that other files are written anew.
        is_plain=header.is_label_map and opened.is_packed,
        problems=tuple(problems),
    )


def check_structure(
    source: Source,
    value: int,
    scan_shape: Sequence[int] | None = None,
    most_bytes: int | None = None,
) -> Segmentation:
    """Read a file of one structure, whose voxels are not 0; they get ``value``.

    A file of several values has a problem: it is of several structures, or soft. As
    `check_segmentation` otherwise.
    """
    found = check_segmentation(source, {}, scan_shape, most_bytes)
    problems = tuple(one for one in found.problems if one.code != UNMAPPED)
    if len(found.values) > 1:
        problems += (_several(found.values, read_bytes(source)[1]),)
    if found.voxels is None or problems:
        return replace(found, voxels=None, unmapped=(), is_plain=False, problems=problems)
    kind = np.uint8 if value <= np.iinfo(np.uint8).max else np.uint16
    return replace(
        found,
        voxels=np.where(found.voxels != 0, kind(value), kind(0)),
        values=(value,) if found.values else (),
        unmapped=(),
        is_plain=False,
        problems=(),
    )


def _several(values: Sequence[int], file: str) -> MaskError:
    message = f"this file of one structure has several values: {_some(values)}"
    hint = "for a file of several structures write `segmentations: FILE` with a `segment_map`"
    return MaskError("structure-values", message, hint=hint, file=file)


def _label_values(opened: NiftiFile | NrrdFile, most_bytes: int | None) -> tuple[Values, Array]:
    """The values that occur, and the voxels in the smallest type that holds them.

    Neither are all there when some are no label values.
    """
    values, fine, start = Values(), True, 0
    _refuse_large(opened, 1, most_bytes)
    voxels = np.zeros(opened.header.count, np.uint8)
    for part in opened.values():
        fine &= values.add(part)
        # The file is no label map, and reading the rest would only make the list longer.
        if values.are_too_many:
            break
        if fine:
            if voxels.dtype == np.uint8 and part.max() > np.iinfo(np.uint8).max:
                _refuse_large(opened, _WIDENED, most_bytes)
                voxels = voxels.astype(np.uint16)
            voxels[start : start + len(part)] = part
        start += len(part)
    return values, voxels


def _refuse_large(opened: NiftiFile | NrrdFile, each: int, most_bytes: int | None) -> None:
    """Raises MaskError when the voxels take more memory than they may, at ``each`` bytes."""
    count = opened.header.count
    if most_bytes is None or count * each <= most_bytes:
        return
    what = "voxels" if each == 1 else "voxels with values above 255"
    message = f"this segmentation has {count:,} {what}, more than the limit of "
    hint = "split the series, or resample the segmentation and its scan"
    raise MaskError("too-large", f"{message}{most_bytes // each:,}", hint=hint, file=opened.file)


def mapped_values(segment_map: Mapping[Any, Any]) -> set[int]:
    """The voxel values that a segment map names. Raises MaskError for what is none, or twice."""
    keys: dict[int, Any] = {}
    for key in segment_map:
        text = str(key)
        # Keys of JSON are texts and keys of YAML numbers; "01" and 1 are one value all the same.
        is_number = text.isdecimal() and len(text) <= _MOST_DIGITS
        if not is_number or not 1 <= int(text) <= LARGEST_VALUE:
            raise MaskError(
                "segment-map",
                f"the segment map has the value {key!r}",
                hint=f"values are whole numbers from 1 to {LARGEST_VALUE:,}; 0 is background",
            )
        first = keys.setdefault(int(text), key)
        if first is not key:
            names = f"{segment_map[first]!r} and {segment_map[key]!r}"
            message = f"the segment map has the value {text} twice, for {names}"
            raise MaskError("segment-map", message, hint="keep one of the two")
    return set(keys)


def three_dimensions(shape: Sequence[int]) -> tuple[int, ...]:
    """A flat file is one slice; dimensions of length 1 beyond the third say nothing."""
    padded = (*shape, *(1,) * (_FLAT_SLICE - len(shape)))
    while len(padded) > _FLAT_SLICE and padded[-1] == 1:
        padded = padded[:-1]
    return padded


def _values(seen: Values, file: str) -> tuple[tuple[int, ...], list[MaskError]]:
    """The label values among those that occur, and a problem for each kind of the others."""
    found = seen.found
    whole = np.isfinite(found) & (found == np.trunc(found))
    fractional, negative, large = ~whole, whole & (found < 0), whole & (found > LARGEST_VALUE)
    kinds = (
        ("fractional-values", "that are not whole numbers", fractional),
        ("negative-values", "below 0", negative),
        ("large-values", f"above {LARGEST_VALUE:,}", large),
    )
    problems = [
        _values_problem(code, f"{what}: {_some(found[which], at_least=seen.are_too_many)}", file)
        for code, what, which in kinds
        if which.any()
    ]
    good = found[~(fractional | negative | large)]
    return tuple(int(value) for value in good if value), problems


def _values_problem(code: str, what: str, file: str) -> MaskError:
    hint = f"label values are whole numbers from 0 to {LARGEST_VALUE:,}; is this the scan itself?"
    return MaskError(code, f"this segmentation has values {what}", hint=hint, file=file)


def _shape_problems(
    shape: tuple[int, ...], scan_shape: Sequence[int] | None, file: str
) -> list[MaskError]:
    if len(shape) > 3:
        hint = "split the file: one label map for each frame, or one value for each structure"
        message = f"this segmentation has {len(shape)} dimensions, {_by(shape)}; label maps have 3"
        return [MaskError("dimensions", message, hint=hint, file=file)]
    if scan_shape is None or shape == three_dimensions(scan_shape):
        return []
    return [shape_problem(shape, f"its scan is {_by(scan_shape)}", file)]


def shape_problem(shape: Sequence[int], other: str, file: str) -> MaskError:
    """The problem of a segmentation that does not have the shape of something ``other``."""
    message = f"this segmentation is {_by(shape)} voxels, but {other}"
    hint = "resample the segmentation onto the grid of its scan"
    return MaskError("scan-shape", message, hint=hint, file=file)


def _unmapped_problem(unmapped: Sequence[int], file: str) -> MaskError:
    message = f"this segmentation has values that the segment map lacks: {_some(unmapped)}"
    return MaskError(UNMAPPED, message, hint="add them to segment_map", file=file)


def _by(shape: Sequence[int]) -> str:
    return " x ".join(str(length) for length in shape)


def _some(values: Sequence[Any] | Array, *, at_least: bool = False) -> str:
    shown = ", ".join(f"{value:.10g}" for value in values[:5])
    more = len(values) - 5
    if more <= 0:
        return shown
    return f"{shown} and {'at least ' if at_least else ''}{more:,} more"
