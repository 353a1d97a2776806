"""What is done with segmentations and scans: by any thread, or in another process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rbsync.dataset.inspection import Inspected
from rbsync.dataset.mask_inspection import read_planned
from rbsync.errors import UserError
from rbsync.files.body import open_body
from rbsync.files.hashing import BUFFER, ChangingError
from rbsync.files.roots import Roots
from rbsync.masks.identity import identity_of_volume
from rbsync.masks.nifti.file import grid_in
from rbsync.masks.nifti.header import Grid
from rbsync.masks.volumes.label_volume import check_series
from rbsync.masks.volumes.segmentation import three_dimensions
from rbsync.model.datapoint import Item
from rbsync.model.fingerprint import Algorithm

HEAD = 64 << 10
"""Bytes of a packed file that unpack to its header."""


def inspect_segmentation(
    roots: Roots, files: Sequence[Item], segment_map: Mapping[int, str], algorithm: Algorithm
) -> Inspected:
    """Decodes the segmentations of a series.

    Raises UserError with all that is wrong with them, each problem at its file; OSError.
    """
    given = [read_planned(roots, one, algorithm) for one in files]
    checked = check_series(given, segment_map)
    if checked.volume is None:
        raise UserError([problem for one in checked.problems for problem in one.problems])
    grid = grid_in(given[0].data[:HEAD], given[0].file)
    return Inspected(
        checked.volume.voxels.shape,
        identity_of_volume(checked.volume, algorithm),
        tuple(value for value in segment_map if value not in checked.volume.names),
        affine_of(grid),
    )


def inspect_scan(roots: Roots, file: Item, algorithm: Algorithm) -> Inspected:
    """The size and place of a scan, from its header. Raises MaskError, OSError."""
    with open_body(roots, file.ref, algorithm) as body:
        head = body.read(HEAD)
        while body.read(BUFFER):
            pass
        if body.content() != file.content:
            raise ChangingError(f"{file.ref} was written to while it was read")
    grid = grid_in(head, file.ref)
    return Inspected(three_dimensions(grid.shape), affine=affine_of(grid))


def affine_of(grid: Grid) -> tuple[float, ...]:
    """The affine row by row; empty where the file does not say it."""
    return () if grid.affine is None else tuple(map(float, grid.affine.ravel()))
