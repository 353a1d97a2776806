"""A check that a segmentation lies where its scan does."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.masks.error import MaskError
from rbsync.masks.volumes.turning import TOLERANCE

Array = npt.NDArray[Any]


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
