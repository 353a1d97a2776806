"""Segmentations and scans inspected, by any thread or in another process, and held together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from rbsync.dataset.inspection import Inspected
from rbsync.dataset.mask_inspection import LIMIT, read_planned
from rbsync.dataset.turns import in_turn
from rbsync.errors import Problem, UserError
from rbsync.files.body import open_body
from rbsync.files.file_facts import BUFFER, ChangingError
from rbsync.files.kinds import DICOM, Kind
from rbsync.files.roots import Roots
from rbsync.masks.error import MaskError
from rbsync.masks.identity import identity_of_volume
from rbsync.masks.mask_extents import extent_of_volume
from rbsync.masks.nifti.header import Grid
from rbsync.masks.png.decoding import Named
from rbsync.masks.volumes.segmentation import three_dimensions
from rbsync.masks.volumes.segmentation_recipe import SeriesMap, check_turned
from rbsync.masks.volumes.turning import STRAIGHT, Turn, turn_onto
from rbsync.masks.volumes.volume_file import grid_at
from rbsync.model.datapoint import Item
from rbsync.model.fingerprint import Algorithm
from rbsync.sources.entry import Entry, SeriesLabels
from rbsync.sources.study import FILES

# Bytes of a packed file that unpack to its header.
HEAD = 64 << 10
_TRUST = "where the files are right as they are, write `grid: trust` beside `segmentations`"


def inspect_segmentation(
    roots: Roots,
    files: Sequence[Item],
    segment_map: Mapping[int, str],
    algorithm: Algorithm,
    *,
    is_binary: bool = False,
    turn: tuple[int, ...] = (),
) -> Inspected:
    """Decodes the segmentations of a series, and turns them onto the grid of the scan.

    Raises UserError with all that is wrong with them, each problem at its file; OSError.
    """
    with in_turn(sum(one.size for one in files)):
        given = [read_planned(roots, one, algorithm) for one in files]
    one = SeriesMap(0, len(given), segment_map, is_binary, turn)
    with in_turn(max(map(_voxels, given))):
        return _inspected(given, one, algorithm)


def _inspected(given: Sequence[Named], one: SeriesMap, algorithm: Algorithm) -> Inspected:
    checked = check_turned(given, one, LIMIT)
    if checked.volume is None:
        raise UserError([problem for each in checked.problems for problem in each.problems])
    grid = grid_at(given[0].data[:HEAD], given[0].file)
    return Inspected(
        checked.volume.voxels.shape,
        identity_of_volume(checked.volume, algorithm),
        tuple(value for value in one.segment_map if value not in checked.volume.names),
        affine_of(grid) if grid else (),
        alike=() if one.is_binary else checked.alike,
        extent=extent_of_volume(checked.volume),
    )


def _voxels(file: Named) -> int:
    """The voxels of a file by its header, 0 where it has none."""
    try:
        grid = grid_at(file.data[:HEAD], file.file)
    except MaskError:
        return 0
    return math.prod(grid.shape) if grid else 0


def inspect_scan(roots: Roots, file: Item, algorithm: Algorithm) -> Inspected:
    """The size and place of a scan, from its header. Raises MaskError, OSError."""
    with open_body(roots, file.ref, algorithm) as body:
        head = body.read(HEAD)
        # To the end, although the header is enough: the hash tells whether this is the file that
        # was planned.
        while body.read(BUFFER):
            pass
        if body.content() != file.content:
            raise ChangingError(f"{file.ref} was written to while it was read")
    grid = grid_at(head, file.ref)
    if grid is None:
        return Inspected(())
    return Inspected(three_dimensions(grid.shape), affine=affine_of(grid))


def affine_of(grid: Grid) -> tuple[float, ...]:
    """The affine row by row; empty where the file does not say it."""
    return () if grid.affine is None else tuple(map(float, grid.affine.ravel()))


def items_of(entry: Entry, part: SeriesLabels) -> Sequence[str]:
    """The items of a series."""
    start = sum(entry.series[: part.series])
    return entry.items[start : start + entry.series[part.series]]


def turn_needed(found: Inspected, shown: Inspected) -> Turn:
    """The turn that brings a segmentation onto the grid of its scan; empty for none.

    That is where it lies there, and also where no turn leads there.
    """
    if not (found.affine and shown.affine and len(shown.size) == len(STRAIGHT)):
        return ()
    turn = turn_onto(found.size, found.affine, shown.size, shown.affine)
    return turn if turn and turn != STRAIGHT else ()


def misfit(
    file: str, found: Inspected, scan: str, shown: Inspected, *, any_order: bool = False
) -> MaskError | None:
    """Returns how a segmentation does not fit its scan.

    ``any_order`` says that axes of the scan have no order of their own, as those of DICOM.
    """
    problem = _misfit(file, found, scan, shown, any_order=any_order)
    if problem is not None:
        problem = MaskError(
            problem.code, problem.message, hint=f"{problem.hint}; {_TRUST}", file=problem.file
        )
    return problem


def _misfit(
    file: str, found: Inspected, scan: str, shown: Inspected, *, any_order: bool
) -> MaskError | None:
    from rbsync.masks.volumes.placement import placement_problem
    from rbsync.masks.volumes.segmentation import shape_problem, three_dimensions

    if not shown.size:
        return None
    size = three_dimensions(shown.size)
    # Of a file that says no place nobody can tell that it lies elsewhere.
    is_placed = bool(found.affine and shown.affine)
    if any_order and is_placed and turn_onto(found.size, found.affine, size, shown.affine):
        return None
    if found.size != size:
        return shape_problem(found.size, f"its scan is {' x '.join(map(str, size))}", file)
    if not is_placed:
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
