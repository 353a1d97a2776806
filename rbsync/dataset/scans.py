"""Whether segmentations fit the scans of their series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rbsync.dataset.inspection import Inspected
from rbsync.errors import Problem
from rbsync.files.kinds import DICOM, Kind
from rbsync.sources.base import Entry, SeriesLabels
from rbsync.sources.study import FILES

if TYPE_CHECKING:
    from rbsync.masks.error import MaskError


def items_of(entry: Entry, part: SeriesLabels) -> Sequence[str]:
    """The items of a series."""
    start = sum(entry.series[: part.series])
    return entry.items[start : start + entry.series[part.series]]


def misfit(file: str, found: Inspected, scan: str, shown: Inspected) -> MaskError | None:
    """How a segmentation does not fit its scan."""
    from rbsync.masks.volumes.placement import placement_problem
    from rbsync.masks.volumes.segmentation import shape_problem, three_dimensions

    size = three_dimensions(shown.size)
    if found.size != size:
        return shape_problem(found.size, f"its scan is {' x '.join(map(str, size))}", file)
    if not found.affine or not shown.affine:
        return None
    return placement_problem(size, found.affine, shown.affine, file=file, scan=scan)


def slice_problems(
    part: SeriesLabels, slices: int, count: int, kinds: Iterator[Kind]
) -> Iterator[Problem]:
    """The warning of DICOM files that are not as many as the slices of a segmentation.

    ``kinds`` are those of the ``count`` files, which are looked at only where it matters.

    It is no error, for a file of several frames cannot be told from one of a single slice here.
    """
    if slices > 1 and count not in (1, slices) and all(kind is DICOM for kind in kinds):
        message = (
            f"{part.files[0]}: this segmentation has {slices:,} slices, but its series has "
            f"{count:,} DICOM files"
        )
        hint = "look whether files are missing; where a file has several frames all may be well"
        yield Problem("slices", message, part.locate((FILES,)), hint)
