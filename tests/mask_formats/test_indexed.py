"""Masks of pixel values: the class map, the classes of the pixels, and the way back."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from rbsync.mask_formats.base import Redrawing
from rbsync.mask_formats.indexed import IndexedFormat
from rbsync.mask_formats.recipe import Recipe
from rbsync.masks.error import MaskError
from rbsync.masks.png.decoding import Named

FORMAT = IndexedFormat()
CLASSES = FORMAT.read_classes({"car": 3, "bus": 7}, file="class_map.json")
RECIPE = Recipe("indexed", CLASSES, [[one] for one in FORMAT.background])


def mask(values: list[list[int]]) -> Named:
    out = io.BytesIO()
    Image.fromarray(np.array(values, np.uint8)).save(out, "PNG")
    return Named(out.getvalue(), "a.png")


def values_of(data: bytes) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(data)))


def test_each_category_has_its_value_and_the_rest_is_background() -> None:
    found = FORMAT.class_index(RECIPE, [mask([[0, 3], [7, 255]])])
    assert found.names == ("car", "bus")
    assert found.pixels.tolist() == [[0, 1], [2, 0]]


def test_a_value_that_nobody_declared_is_refused_with_its_file() -> None:
    with pytest.raises(MaskError) as caught:
        FORMAT.class_index(RECIPE, [mask([[0, 9]])])
    assert caught.value.file == "a.png"
    assert "9" in str(caught.value)


def test_what_is_drawn_reads_as_it_was_meant_and_a_border_stays() -> None:
    before = mask([[0, 3], [7, 255]])
    after = np.array([[1, 0], [2, 0]])
    changed = FORMAT.class_index(RECIPE, [before]).pixels != after
    (made,) = FORMAT.redraw(Redrawing(RECIPE, [before], after, changed))
    assert values_of(made).tolist() == [[3, 0], [7, 255]]
    assert FORMAT.class_index(RECIPE, [Named(made, "a.png")]).pixels.tolist() == after.tolist()
