"""A segmentation lies where its scan does, but for what programs round."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rbsync.masks.volumes.placement import placement_problem

AFFINE = np.array([[-0.7, 0, 0, 90], [0, -0.7, 0.1, 80], [0, 0.05, 2.5, -400]])
SHAPE = (512, 512, 100)


def said(affine: Any, shape: tuple[int, ...] = SHAPE) -> str | None:
    error = placement_problem(
        shape, affine.ravel().tolist(), AFFINE.ravel().tolist(), file="seg.nii", scan="ct.nii"
    )
    return error.message.rpartition(": ")[2] if error else None


def test_equal_and_rounded_affines_fit() -> None:
    assert said(AFFINE) is None
    assert said(AFFINE.astype(np.float32)) is None
    assert said(np.round(AFFINE, 4) * (1 + 1e-5)) is None


@pytest.mark.parametrize("axis", range(3))
def test_a_flipped_axis(axis: int) -> None:
    flipped = AFFINE.copy()
    flipped[:, axis] *= -1
    assert said(flipped) is not None


def test_half_a_voxel_is_elsewhere() -> None:
    shifted = AFFINE.copy()
    shifted[:, 3] += AFFINE[:, :3] @ [0.5, 0.5, 0.5]
    assert said(shifted) == (
        "it has voxel (0, 0, 0) at (89.65, 79.7, -398.725), the scan at (90, 80, -400)"
    )


def test_voxels_of_another_length_show_at_the_far_end() -> None:
    longer = AFFINE.copy()
    longer[:, 0] *= 1.001
    assert said(longer) == (
        "it has voxel (511, 0, 0) at (-268.058, 80, -400), the scan at (-267.7, 80, -400)"
    )


def test_the_thickness_of_a_single_slice_is_no_place() -> None:
    thick = AFFINE.copy()
    thick[:, 2] *= 5
    assert said(thick, (512, 512, 1)) is None
    assert said(thick) is not None


def test_numbers_that_are_none_are_elsewhere() -> None:
    broken = AFFINE.copy()
    broken[0, 3] = np.nan
    assert said(broken) == "it has voxel (0, 0, 0) at (nan, 80, -400), the scan at (90, 80, -400)"
