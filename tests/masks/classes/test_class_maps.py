"""Class maps and segment maps: fractions told from integers, and nothing given twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rbsync.masks import load_class_map, read_class_map
from rbsync.masks.volumes.segmentation import mapped_values
from tests.masks.mistakes import said


@pytest.mark.parametrize(
    ("text", "colours"),
    [
        ('{"car": [1.0, 0.0, 0.0]}', {"car": (255, 0, 0)}),
        ('{"car": [1.0, 0, 0], "bus": [0, 1, 0]}', {"car": (255, 0, 0), "bus": (0, 255, 0)}),
        ('{"car": [1, 0, 0], "bus": [0, 1, 0]}', {"car": (1, 0, 0), "bus": (0, 1, 0)}),
        ('{"car": [1.0, 0.0, 0.0], "bus": [0, 2, 0]}', {"car": (1, 0, 0), "bus": (0, 2, 0)}),
        ('{"car": [255.0, 0.0, 0.0]}', {"car": (255, 0, 0)}),
    ],
)
def test_pure_colours_are_fractions_when_they_are_written_as_such(
    tmp_path: Path, text: str, colours: Any
) -> None:
    path = tmp_path / "class_map.json"
    path.write_text(text)
    assert load_class_map(path) == colours


def test_numbers_of_python_and_numpy() -> None:
    assert read_class_map({"car": (1.0, 0.0, 0.0)}) == {"car": (255, 0, 0)}
    assert read_class_map({"car": np.array([1, 0, 0], np.float32)}) == {"car": (255, 0, 0)}
    assert read_class_map({"car": np.array([1, 0, 0], np.uint8)}) == {"car": (1, 0, 0)}
    assert read_class_map({"car": iter([np.uint8(1), 0.5, 0])}) == {"car": (255, 128, 0)}


def test_a_category_that_a_file_gives_twice(tmp_path: Path) -> None:
    path = tmp_path / "class_map.json"
    path.write_text('{"car": [255, 0, 0], "car": [0, 255, 0], "bus": [255, 0, 0]}')
    assert said(load_class_map, path) == (
        f"{path}: the key `car` is given twice, at 1:2 and at 1:22\n    keep one of the two"
    )


def test_a_category_that_is_given_as_a_number_and_as_a_text() -> None:
    assert said(read_class_map, {1: [255, 0, 0], "1": [0, 255, 0]}, file="m.json") == (
        "m.json: category '1' is given twice, with [255, 0, 0] and [0, 255, 0]"
        "\n    keep one of the two"
    )
    assert read_class_map({1: [255, 0, 0]}) == {"1": (255, 0, 0)}


def test_a_value_of_a_segment_map_that_is_given_twice() -> None:
    assert said(mapped_values, {1: "liver", "1": "tumour"}) == (
        "the segment map has the value 1 twice, for 'liver' and 'tumour'\n    keep one of the two"
    )
    assert mapped_values({1: "liver", "2": "tumour"}) == {1, 2}
