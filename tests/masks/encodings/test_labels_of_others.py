"""Labels as other tools leave them are drawn to the last one, or refused; none is mixed up."""

from __future__ import annotations

from typing import Any

import pytest

from rbsync.masks import MaskError, decode_pixel

COLOURS = {"cat": (255, 0, 0), "tree": (0, 255, 0)}
SQUARE = [[0, 0], [2, 0], [2, 2], [0, 2]]
FAR = [[4, 2], [6, 2], [6, 4], [4, 4]]


def label(*rings: list[list[int]], category: tuple[str, ...] = ("cat",)) -> dict[str, Any]:
    return {
        "category": [["object", *category]],
        "attributes": [],
        "pixel": {"imagesize": [6, 4], "regions": list(rings), "holes": None},
    }


def drawn(*labels: dict[str, Any]) -> list[str]:
    letters: dict[tuple[int, ...], str] = {(0, 0, 0): ".", (255, 0, 0): "c", (0, 255, 0): "t"}
    mask = decode_pixel(labels, COLOURS)
    return ["".join(letters[tuple(map(int, pixel))] for pixel in row) for row in mask]


@pytest.mark.parametrize("short", [[], [[3, 3]], [[3, 3], [5, 3]], [[3, 0], [3, 4]]])
def test_a_ring_that_is_too_short_keeps_none_of_the_others_out(short: list[list[int]]) -> None:
    expected = ["cc....", "cc....", "....cc", "....cc"]
    assert drawn(label(SQUARE, short, FAR)) == drawn(label(short, FAR, SQUARE)) == expected


def test_a_first_label_that_is_no_segmentation_keeps_none_of_the_others_out() -> None:
    box = {"category": [["object", "tree"]], "bbox2d": {"xnorm": 0, "ynorm": 0}}
    nothing = {**label(), "pixel": None}
    assert drawn(box, nothing, label(SQUARE)) == ["cc....", "cc....", "......", "......"]


def test_two_categories_of_one_name_are_not_one_colour() -> None:
    one = label(SQUARE, category=("animal", "cat"))
    other = label(FAR, category=("machine", "cat"))
    for same in (("animal", "cat"), ("cat",)):
        assert drawn(one, label(FAR, category=same))[3] == "....cc"
    with pytest.raises(MaskError) as caught:
        drawn(one, other)
    assert caught.value.message == (
        "labels of two categories have the name 'cat': object/animal/cat and object/machine/cat"
    )
    assert caught.value.hint == (
        "give one of the two another name, or export the labels themselves"
    )
