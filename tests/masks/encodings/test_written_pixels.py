"""Masks read straight from the text of their labels: as by way of the labels, or not at all."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from rbsync.masks import read_mask
from rbsync.masks.encodings.pixel import flat_index, labels_of
from rbsync.masks.encodings.written_pixels import index_of_text
from tests.masks.pictures import colours, painted, small_indices

SQUARE = [[0, 0], [2, 0], [2, 2], [0, 2]]


def label(name: str = "car", **pixel: Any) -> dict[str, Any]:
    own = {"imagesize": [4, 3], "regions": [SQUARE], "holes": [], **pixel}
    return {"category": [["object", name]], "attributes": [], "pixel": own}


def written(*labels: Any, spaced: bool = False) -> str:
    return json.dumps(labels, separators=None if spaced else (",", ":"))


@settings(max_examples=40, deadline=None)
@given(small_indices())
def test_the_text_of_a_mask_has_the_pixels_of_its_labels(index: Any) -> None:
    class_map = colours(int(index.max()) or 1)
    labels = labels_of(read_mask(painted(index, class_map), class_map))
    found = index_of_text(written(*labels))
    if not labels:
        assert found is None
        return
    expected = flat_index(labels)
    assert found is not None
    assert expected is not None
    assert found.names == expected.names
    assert np.array_equal(found.pixels, expected.pixels)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[1]",
        "[" * 100_000,
        written(label(), spaced=True),
        written(label(), label("bus")),
        written(label(), label(regions=[])),
        written(label(regions=[[[0.5, 0], [2, 0], [2, 2]]])),
        written(label(regions=[[[-1, 0], [2, 0], [2, 2]]])),
        written(label(regions=[[[1 << 40, 0], [2, 0], [2, 2]]])),
        written(label(regions=[[[1, 2, 3], [4]]])),
        written(label(regions=[[]])),
        written(label(regions=[SQUARE, []])),
        written(label(regions=None)),
        written(label(imagesize=[0, 3])),
        written({**label(), "attributes": [{"regions": [[[1, 1]]]}]}),
        written({"category": [["object", "car"]], "bbox2d": {"xnorm": 0}}),
        written(label())[:-1] + ",1]",
        written(label())[:-1] + ",null]",
        written({**label(), "pixel": [1]}),
        written({**label(), "category": 7}),
        written(label()).replace("[0,0]", "[,0]"),
        written(label()).replace("[0,0]", "[00,0]"),
        written(label()).replace("[0,0]", "[0;0]"),
        written(label()).replace("],[", "];["),
        written(label(regions=[SQUARE, SQUARE])).replace("]],[[", "]];[["),
        written(label()).replace("]]]", "]]][[[1,2]]]"),
        written(label()).replace("[2,2]", "[2,9223372036854775807]"),
        written(label()).replace("[[[", "[[[["),
        written(label()) + written(label()),
    ],
)
def test_what_is_written_in_another_way_is_left_to_others(text: str) -> None:
    assert index_of_text(text) is None


def test_a_string_that_looks_like_rings_is_a_string() -> None:
    name = '"regions":[[[1,1],[2,1],[2,2]]]'
    found = index_of_text(written(label(name)))
    assert found is not None
    assert found.names == (name,)
    assert found.pixels.sum() == 4
