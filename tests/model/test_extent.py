"""How much labels say, and when a part of it is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbsync.model.extent import Extent, total

EXTENTS = st.builds(Extent, *[st.integers(0, 10**12)] * 3)


@pytest.mark.parametrize(
    ("before", "later", "left"),
    [
        (Extent(3), Extent(2), "2 of 3 left"),
        (Extent(4), Extent(3), ""),
        (Extent(2), Extent(1), "1 of 2 left"),
        (Extent(2_000), Extent(1_000), "1,000 of 2,000 left"),
        (Extent(1), Extent(5), ""),
        (Extent(1, 90, 100), Extent(1, 60, 100), "66 % of what was labelled left"),
        (Extent(1, 90, 100), Extent(1, 61, 100), ""),
        (Extent(1, 400, 1600), Extent(1, 100, 400), ""),
        (Extent(1, 400, 1600), Extent(1, 400, 6400), ""),
        (Extent(1, 400, 1600), Extent(3), ""),
    ],
    ids=str,
)
def test_a_third_or_more_is_a_loss(before: Extent, later: Extent, left: str) -> None:
    assert before.left_in(later) == left


@given(EXTENTS)
def test_nothing_is_lost_of_what_stays(extent: Extent) -> None:
    assert extent.left_in(extent) == ""
    assert Extent.of_text(extent.text()) == extent


def test_what_is_not_known_of_a_part_is_not_known_of_all() -> None:
    assert total([Extent(1, 2, 3), Extent(1, 1, 1)]) == Extent(2, 3, 4)
    assert total([Extent(1), None]) is None
    assert Extent.of_text("") is None
