"""The same voxels in another order: axes that run the other way, or come in another order.

A turn is, for each axis of the new grid, the number of the old axis from 1 on, negative where it
runs the other way: (1, 2, 3) leaves all as it is. Programs write a segmentation in the order that
they like best, and its affine says which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.masks.volumes.label_volume import LabelVolume

Array = npt.NDArray[Any]
Turn = tuple[int, ...]

STRAIGHT: Turn = (1, 2, 3)
TOLERANCE = 0.01
"""Of a voxel: what programs round. Half a voxel is a mistake."""


def turn_onto(
    shape: Sequence[int],
    affine: Sequence[float],
    scan_shape: Sequence[int],
    scan_affine: Sequence[float],
) -> Turn | None:
    """The turn that leads from a grid to that of its scan; None where they lie apart.

    The affines lead from voxels to millimetres, 12 numbers row by row.
    """
    own, scans = (_square(one) for one in (affine, scan_affine))
    if not np.isfinite([own, scans]).all() or not np.linalg.det(own) or not np.linalg.det(scans):
        return None
    way = np.linalg.inv(own) @ scans
    signs = np.rint(way[:3, :3])
    sizes = np.abs(signs)
    if not ((sizes.sum(axis=0) == 1).all() and (sizes.sum(axis=1) == 1).all()):
        return None
    turn = tuple(int(one) for one in (signs * np.array([[1], [2], [3]])).sum(axis=0))
    if tuple(sizes @ scan_shape) != tuple(shape):
        return None
    exact = _matrix(turn, shape)
    # Corners and not numbers of the affine: a rotation of a thousandth is nothing at the centre and
    # centimetres at the far end.
    corners = product(*((0, length - 1) for length in scan_shape))
    off = [np.abs((way - exact) @ [*voxel, 1]).max() for voxel in corners]
    return turn if max(off) <= TOLERANCE else None


def turned(volume: LabelVolume, turn: Turn) -> LabelVolume:
    """A label map on the grid that a turn leads to; each voxel keeps its place in the world."""
    if not turn or turn == STRAIGHT:
        return volume
    affine = _square(volume.affine.ravel()) @ _matrix(turn, volume.voxels.shape)
    voxels = volume.voxels.transpose([abs(one) - 1 for one in turn])
    voxels = voxels[tuple(slice(None, None, -1 if one < 0 else 1) for one in turn)]
    return replace(volume, voxels=np.asfortranarray(voxels), affine=affine[:3].astype(np.float32))


def back(turn: Turn) -> Turn:
    """The turn that leads back."""
    places = {abs(one): (number if one > 0 else -number) for number, one in enumerate(turn, 1)}
    return tuple(places[axis] for axis in sorted(places))


def _square(affine: Sequence[float] | Array) -> Array:
    return np.vstack([np.reshape(affine, (3, 4)), [0, 0, 0, 1]]).astype(np.float64)


def _matrix(turn: Turn, shape: Sequence[int]) -> Array:
    """Leads from voxels of the new grid to those of the old one, which has this shape."""
    made = np.zeros((4, 4))
    made[3, 3] = 1
    for new, one in enumerate(turn):
        old = abs(one) - 1
        made[old, new] = 1 if one > 0 else -1
        # Where an axis runs the other way, its first voxel is the last of the other grid.
        made[old, 3] = 0 if one > 0 else shape[old] - 1
    return made
