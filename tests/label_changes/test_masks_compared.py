"""Masks and label maps, compared class by class; the regions against scikit-image's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rbsync.label_changes.change_kinds import ClassChange
from rbsync.label_changes.change_wording import told
from rbsync.label_changes.label_content import LabelContent, compare, content_of
from rbsync.masks import ClassIndex, labels_of
from rbsync.masks.volumes.label_volume import LabelVolume

NAMES = ("penny", "nickel", "dime")
AFFINE = np.eye(3, 4, dtype=np.float32)


def picture(pixels: Any, names: tuple[str, ...] = NAMES) -> LabelContent:
    return LabelContent(picture=ClassIndex(np.asarray(pixels, np.uint8), names))


def grown() -> tuple[LabelContent, LabelContent]:
    before = np.zeros((40, 60), np.uint8)
    before[5:25, 5:55] = 1
    before[30:35, 10:20] = 2
    after = before.copy()
    after[4, 5:25] = 1
    after[34, 17:20] = 0
    return picture(before), picture(after)


def test_a_class_that_grew_by_20_pixels_is_told_so() -> None:
    assert told(compare(*grown())) == "nickel -3 px (IoU 0.940), penny +20 px (IoU 0.980)"


def test_equal_masks_in_other_numbers_do_not_differ() -> None:
    before = picture([[0, 1, 2]], ("penny", "nickel"))
    assert not compare(before, picture([[0, 3, 1]], ("nickel", "other", "penny")))


def test_a_class_that_is_new_or_gone_has_its_regions_told() -> None:
    change = compare(picture([[1, 0, 1, 0, 2]]), picture([[1, 0, 0, 0, 3]]))
    assert told(change) == (
        "dime +1 px (new, 1 region added), nickel -1 px (gone, 1 region removed), "
        "penny -1 px (IoU 0.500, 1 region removed)"
    )


def test_nearly_all_in_common_is_not_told_as_all() -> None:
    before = np.ones((1000, 1000), np.uint8)
    after = before.copy()
    after[0, 0] = 0
    assert told(compare(picture(before), picture(after))) == "penny -1 px (IoU 0.999999)"


def test_pictures_of_two_sizes_are_counted_and_not_compared() -> None:
    change = compare(picture([[1, 1]]), picture([[1], [1], [1]]))
    assert told(change) == "2 x 1 to 1 x 3, penny 2 to 3 px"


def test_a_mask_and_its_outlines_say_the_same_and_any_other_pixel_is_seen() -> None:
    before, after = grown()
    assert before.picture is not None
    assert not compare(before, content_of(labels_of(before.picture)))
    assert after.picture is not None
    drawn = content_of(labels_of(after.picture))
    assert compare(before, drawn).classes == compare(before, after).classes
    was = content_of(labels_of(before.picture))
    assert compare(was, drawn).classes == compare(before, after).classes


def test_voxels_of_volumes_are_counted_by_category() -> None:
    voxels = np.zeros((5, 4, 3), np.uint8, order="F")
    voxels[1, 1] = (7, 7, 0)
    before = LabelContent(volumes={0: LabelVolume(voxels, AFFINE, {7: "liver"})})
    renumbered = LabelVolume(
        np.where(voxels, 3, 0).astype(np.uint8, order="F"), AFFINE, {3: "liver"}
    )
    assert not compare(before, LabelContent(volumes={0: renumbered}))
    more = voxels.copy(order="F")
    more[4, 3, 2] = 7
    change = compare(before, LabelContent(volumes={0: LabelVolume(more, AFFINE, {7: "liver"})}))
    assert told(change) == "liver +1 voxels (IoU 0.667, 1 region added)"
    assert told(compare(before, LabelContent())) == "liver -2 voxels (gone, 1 region removed)"


def test_a_volume_that_lies_elsewhere_is_not_compared_voxel_by_voxel() -> None:
    voxels = np.ones((2, 2, 2), np.uint8, order="F")
    sides = [
        LabelContent(volumes={0: LabelVolume(voxels, AFFINE * scale, {1: "liver"})})
        for scale in (np.float32(1), np.float32(2))
    ]
    assert (
        told(compare(sides[0], sides[1])) == "it lies elsewhere in the world, liver 8 to 8 voxels"
    )


GRIDS = st.one_of(
    st.tuples(*[arrays.arrays(np.uint8, (9, 8), elements=st.integers(0, 2))] * 2),
    st.tuples(*[arrays.arrays(np.uint8, (4, 4, 4), elements=st.integers(0, 2))] * 2),
)


@settings(max_examples=150, deadline=None)
@given(GRIDS)
def test_every_number_is_that_of_plain_counting(grids: tuple[Any, Any]) -> None:
    before, after = grids
    sides = [
        picture(one)
        if one.ndim == 2
        else LabelContent(
            volumes={0: LabelVolume(np.asfortranarray(one), AFFINE, {1: "penny", 2: "nickel"})}
        )
        for one in grids
    ]
    found = {one.name: one for one in compare(sides[0], sides[1]).classes}
    for value, name in ((1, "penny"), (2, "nickel")):
        had, has = before == value, after == value
        if (had == has).all():
            assert name not in found
            continue
        assert found[name] == ClassChange(
            name,
            int((has & ~had).sum()),
            int((had & ~has).sum()),
            int(had.sum()),
            int(has.sum()),
            lonely(has, had),
            lonely(had, has),
        )


def lonely(grid: Any, other: Any) -> int:
    """How many regions of a grid share nothing with another one."""
    # It loads half of SciPy, and each process that runs tests reads each file of them.
    from skimage.measure import label as regions_of_skimage

    numbered, many = regions_of_skimage(grid, return_num=True, connectivity=grid.ndim)
    return sum(1 for one in range(1, many + 1) if not other[numbered == one].any())


@pytest.mark.parametrize("side", [0, 1])
def test_nothing_beside_a_mask_is_all_new_or_gone(side: int) -> None:
    sides = [picture([[1, 1]]), LabelContent()]
    found = compare(sides[side], sides[1 - side]).classes
    assert [(one.gained, one.lost) for one in found] == [(0, 2) if side == 0 else (2, 0)]
