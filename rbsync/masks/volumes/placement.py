"""A check that a segmentation lies where its scan does."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.masks.error import MaskError

Array = npt.NDArray[Any]

# Of the shortest edge of a voxel: programs round affines, and half a voxel is a mistake.
TOLERANCE = 0.1


def placement_problem(
    shape: Sequence[int],
    affine: Sequence[float],
    scan_affine: Sequence[float],
    *,
    file: str,
    scan: str,
) -> MaskError | None:
    """The problem of a segmentation that has its scan's ``shape`` and lies elsewhere.

    The affines lead from voxels to millimetres, 12 numbers row by row; the corners of the grid
    are compared.
    """
    own, scans = (np.array(one, np.float64).reshape(3, 4) for one in (affine, scan_affine))
    allowed = TOLERANCE * np.linalg.norm(scans[:, :3], axis=0).min()
    # Corners and not numbers of the affine: a rotation of a thousandth is nothing at the centre and
    # centimetres at the far end.
    for voxel in product(*((0, length - 1) for length in shape)):
        here, there = _millimetres(own, voxel), _millimetres(scans, voxel)
        # Written so that NaN is a problem too.
        if not np.linalg.norm(here - there) <= allowed:
            return _elsewhere(f"voxel {_show(voxel)} at {_show(here)}", _show(there), file, scan)
    return None


def same_voxels(
    shape: Sequence[int],
    affine: Sequence[float],
    scan_shape: Sequence[int],
    scan_affine: Sequence[float],
) -> bool:
    """Tells whether two grids have the same voxels, up to flips and the order of axes.

    Slices of DICOM have no order of their own, and programs write NIfTI from them in any.
    """
    own, scans = (
        np.vstack([np.reshape(one, (3, 4)), [0, 0, 0, 1]]) for one in (affine, scan_affine)
    )
    if not np.isfinite([own, scans]).all() or not np.linalg.det(own) or not np.linalg.det(scans):
        return False
    way = np.linalg.inv(own) @ scans
    turn = np.rint(way[:3, :3])
    is_turn = (np.abs(turn).sum(axis=0) == 1).all() and (np.abs(turn).sum(axis=1) == 1).all()
    if not is_turn or tuple(np.abs(turn) @ scan_shape) != tuple(shape):
        return False
    # Where an axis runs the other way, its first voxel is the last of the other grid.
    start = np.where(turn.sum(axis=1) < 0, np.array(shape) - 1, 0)
    for voxel in product(*((0, length - 1) for length in scan_shape)):
        off = way[:3, :3] @ voxel + way[:3, 3] - (turn @ voxel + start)
        if not np.abs(off).max() <= TOLERANCE:
            return False
    return True


def _millimetres(affine: Array, voxel: Sequence[int]) -> Array:
    place: Array = affine[:, :3] @ np.array(voxel, np.float64) + affine[:, 3]
    return place


def _show(place: Sequence[float] | Array) -> str:
    return "(" + ", ".join(f"{number:.6g}" for number in place) + ")"


def _elsewhere(here: str, there: str, file: str, scan: str) -> MaskError:
    return MaskError(
        "affine",
        f"this segmentation lies elsewhere in the world than its scan `{scan}`: it has {here}, "
        f"the scan at {there}",
        hint="resample the segmentation onto the grid of its scan; the affine belongs to the grid",
        file=file,
    )
