"""The number of labels, and the pixels within their rings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rbsync.labels.covered_area import extent_of
from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.encodings.pixel import labels_of
from rbsync.masks.mask_extents import extent_of_mask
from rbsync.model.extent import Extent


@given(
    arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.integers(0, 3))
)
def test_the_area_of_outlines_is_that_of_the_mask(pixels: Any) -> None:
    index = ClassIndex(pixels, ("a", "b", "c"))
    labels = labels_of(index)
    assert extent_of(labels)[:2] == extent_of_mask(index)[:2]
    assert extent_of(labels).whole in (0, pixels.size)


def test_boxes_are_counted() -> None:
    assert extent_of([{"bbox2d": {}}, {"bbox2d": {}}]) == Extent(2)


@pytest.mark.parametrize(
    "label",
    [
        None,
        3,
        {"pixel": 3},
        {"pixel": {"regions": 5, "imagesize": [1, 1]}},
        {"pixel": {"regions": [[[0, 0], [1]]]}},
        {"pixel": {"regions": [[[0, "x"]]], "imagesize": [1, 1]}},
        {"pixel": {"regions": [[]], "holes": None}},
        {"pixel": {"regions": [[[0, 0], [1e308, 1e308], [1e308, -1e308]]], "imagesize": [1, 1]}},
    ],
)
def test_what_cannot_be_read_covers_nothing(label: Any) -> None:
    assert extent_of([label]) == Extent(1)
