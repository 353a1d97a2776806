"""Turns of volumes: each voxel keeps its place in the world, and the way back is exact."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import numpy as np
import pytest

from rbsync.masks.volumes.label_volume import LabelVolume
from rbsync.masks.volumes.turning import STRAIGHT, back, turn_onto, turned

SHAPE = (4, 3, 2)
AFFINE = np.array([[-0.7, 0, 0, 90], [0, -0.7, 0.1, 80], [0, 0.05, 2.5, -400]], np.float32)
TURNS = [
    tuple(axis * sign for axis, sign in zip(order, signs, strict=True))
    for order in permutations((1, 2, 3))
    for signs in product((1, -1), repeat=3)
]


def volume() -> LabelVolume:
    voxels = np.arange(24, dtype=np.uint8).reshape(SHAPE, order="F")
    return LabelVolume(voxels, AFFINE, {value: str(value) for value in range(1, 24)})


def places(one: LabelVolume) -> dict[int, tuple[float, ...]]:
    """The place in the world of each value."""
    return {
        int(one.voxels[at]): tuple((one.affine @ [*at, 1]).round(2))
        for at in np.ndindex(one.voxels.shape)
    }


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_every_turn_is_found_keeps_places_and_leads_back(turn: tuple[int, ...]) -> None:
    own = volume()
    scan = turned(own, turn)
    assert places(scan) == places(own)
    given = (
        own.voxels.shape,
        own.affine.ravel().tolist(),
        scan.voxels.shape,
        scan.affine.ravel().tolist(),
    )
    assert turn_onto(*given) == turn
    again = turned(scan, back(turn))
    assert np.array_equal(again.voxels, own.voxels)
    assert again.voxels.flags.f_contiguous
    assert np.allclose(again.affine, own.affine, atol=1e-4)


@pytest.mark.parametrize(
    "scan",
    [AFFINE * 1.02, AFFINE + np.eye(3, 4, 3), np.zeros((3, 4)), np.full((3, 4), np.nan)],
)
def test_other_grids_have_no_turn(scan: Any) -> None:
    assert turn_onto(SHAPE, AFFINE.ravel().tolist(), SHAPE, scan.ravel().tolist()) is None
    assert turn_onto(SHAPE, AFFINE.ravel().tolist(), SHAPE, AFFINE.ravel().tolist()) == STRAIGHT
