"""Boxes, points and other labels, compared one by one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rbsync.label_changes.change_wording import told
from rbsync.label_changes.label_content import compare, content_of


def box(x: float, category: str = "car", width: float = 0.2, **more: Any) -> dict[str, Any]:
    shape = {"xnorm": x, "ynorm": 0.25, "wnorm": width, "hnorm": 0.25}
    return {"category": [["object", category]], "attributes": [], "bbox2d": shape, **more}


def attribute(name: str, value: Any) -> list[dict[str, Any]]:
    return [{"name": name, "value": value}]


def said(before: list[Any], after: list[Any], size: tuple[int, int] | None = None) -> str:
    return told(compare(content_of(before), content_of(after), size))


CASES = [
    ([box(0.1)], [box(0.25)], "1 box moved (car, 15.0% of the picture)"),
    ([box(0.1)], [box(0.1), box(0.5)], "1 box added (car)"),
    ([box(0.1), box(0.5, "bus")], [box(0.1)], "1 box removed (bus)"),
    ([box(0.1)], [box(0.1, attributes=attribute("color", "red"))],
     "1 box attributes changed (car, color: none to red)"),
    ([box(0.1, attributes=attribute("seen", True))],
     [box(0.1, attributes=attribute("seen", False))],
     "1 box attributes changed (car, seen: true to false)"),
    ([box(0.1)], [box(0.1, "bus")], "1 box renamed (car to bus)"),
    ([box(0.1)], [box(0.1, width=0.4)], "1 box moved and reshaped (car, 10.0% of the picture)"),
    ([box(0.1, labelid="a")], [box(0.7, labelid="a")], "1 box moved (car, 60.0% of the picture)"),
    ([box(0.1), box(0.5)], [box(0.5), box(0.1)], "other order"),
    ([box(0.1)], [box(0.1, labelid="fresh", classid=4)], ""),
    ([box(0.1, frameindex=1)], [box(0.1, frameindex=2)], "1 box changed (car, frameindex)"),
    ([box(0.1)], [], "1 box removed (car)"),
    ([{"category": [["object", "x"]], "point": {"xnorm": 0.1, "ynorm": 0.1}}],
     [{"category": [["object", "x"]], "point": {"xnorm": 0.9, "ynorm": 0.1}}],
     "1 point added (x), 1 point removed (x)"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), CASES)
def test_each_change_is_named(before: list[Any], after: list[Any], expected: str) -> None:
    assert said(before, after) == expected


def test_a_move_is_told_in_pixels_where_the_size_of_the_picture_is_known() -> None:
    assert said([box(0.1)], [box(0.13)], (400, 100)) == "1 box moved (car, 12 px)"


def test_of_several_boxes_the_nearest_are_the_same_ones() -> None:
    before = [box(0.0), box(0.4), box(0.8)]
    after = [box(0.79), box(0.02), box(0.41)]
    assert said(before, after) == (
        "3 boxes moved (car, 2.0% of the picture; car, 1.0% of the picture)"
    )


def test_masks_of_one_class_that_overlap_are_counted_once_and_named_one_by_one() -> None:
    def mask(x: int) -> dict[str, Any]:
        ring = [[x, 0], [x + 4, 0], [x + 4, 4], [x, 4]]
        pixel = {"imagesize": [20, 10], "regions": [ring], "holes": []}
        return {"category": [["object", "cell"]], "attributes": [], "pixel": pixel}

    assert said([mask(0)], [mask(0), mask(2), mask(12)]) == (
        "cell +24 px (IoU 0.400, 1 region added), 2 masks added (cell)"
    )


def test_a_long_list_of_changes_is_cut_with_its_number() -> None:
    before = [box(0.0, f"c{number}") for number in range(12)]
    found = told(compare(content_of(before), content_of([])), most=1)
    assert found == "12 boxes removed (c0; c1; c2; … 9 more)"


PLACES = st.sampled_from([0.0, 0.125, 0.25, 0.5, 0.625])
BOXES = st.lists(st.builds(box, PLACES, st.sampled_from(["car", "bus"])), max_size=6)


@settings(max_examples=100, deadline=None)
@given(BOXES, BOXES)
def test_each_label_is_told_at_most_once_and_none_is_lost(
    before: list[Any], after: list[Any]
) -> None:
    found = compare(content_of(before), content_of(after))
    verbs = [one.verb for one in found.objects]
    assert len(after) - len(before) == verbs.count("added") - verbs.count("removed")
    assert bool(found) == (before != after)
    assert not compare(content_of(before), content_of(before))
