"""The `pixel` encoding and its way back."""

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rbsync.masks import decode_pixel, encode_pixel, pixel_json, read_mask
from rbsync.masks.kernel.compiled import write_rings
from rbsync.masks.outlines.json_text import write_rings_with_numpy
from rbsync.masks.outlines.tracing import trace
from tests.masks.pictures import colours, indices, painted, png, small_indices

Array = npt.NDArray[Any]

slow = settings(deadline=None, suppress_health_check=list(HealthCheck))

TWO = {"car": (255, 0, 0), "bus": (0, 255, 0)}


@settings(slow, max_examples=60)
@given(indices())
def test_mask_to_pixel_to_mask_is_identical(index: Array) -> None:
    class_map = colours(int(index.max()) or 1)
    mask = painted(index, class_map)
    size = (mask.shape[1], mask.shape[0])
    assert np.array_equal(
        decode_pixel(encode_pixel(mask, class_map), class_map, imagesize=size), mask
    )


@pytest.mark.usefixtures("implementation")
def test_labels_have_the_form_of_the_service() -> None:
    mask = painted(np.array([[2, 2, 2], [2, 0, 2], [2, 2, 2], [1, 0, 0]]), TWO)
    assert encode_pixel(mask, TWO) == [
        {
            "category": [["object", "car"]],
            "attributes": [],
            "pixel": {
                "imagesize": [3, 4],
                "regions": [[[0, 3], [1, 3], [1, 4], [0, 4]]],
                "holes": [],
            },
        },
        {
            "category": [["object", "bus"]],
            "attributes": [],
            "pixel": {
                "imagesize": [3, 4],
                "regions": [[[0, 0], [3, 0], [3, 3], [0, 3]]],
                "holes": [[[1, 1], [1, 2], [2, 2], [2, 1]]],
            },
        },
    ]


def test_coordinates_are_python_ints_so_that_any_json_writer_takes_them() -> None:
    labels = encode_pixel(painted(np.eye(3, dtype=int), TWO), TWO)
    assert json.loads(json.dumps(labels)) == labels


@pytest.mark.parametrize(
    "mask",
    [np.zeros((3, 4), int), np.ones((3, 4), int), np.array([[1]]), np.indices((8, 8)).sum(0) % 2],
    ids=["no class", "all pixels", "one pixel", "checkerboard"],
)
def test_extreme_masks_come_back(mask: Array) -> None:
    rgb = painted(mask, TWO)
    labels = encode_pixel(rgb, TWO)
    assert np.array_equal(decode_pixel(labels, TWO, imagesize=rgb.shape[1::-1]), rgb)


def test_a_thousand_classes_come_back() -> None:
    class_map = colours(1000)
    mask = painted(np.arange(1, 1001).reshape(25, 40).repeat(2, axis=0), class_map)
    labels = encode_pixel(mask, class_map)
    assert [label["category"][0][1] for label in labels] == list(class_map)
    assert np.array_equal(decode_pixel(labels, class_map), mask)


def test_a_white_background_comes_back() -> None:
    mask = np.full((4, 4, 3), 255, np.uint8)
    mask[1, 1] = (255, 0, 0)
    labels = encode_pixel(mask, TWO, ignore_colors=[(255, 255, 255)])
    assert np.array_equal(decode_pixel(labels, TWO, background=(255, 255, 255)), mask)


@slow
@given(small_indices())
@pytest.mark.usefixtures("implementation")
def test_the_text_written_from_arrays_is_the_json_of_the_labels(index: Array) -> None:
    class_map = {"a": (1, 0, 0), 'q"ö\n': (2, 0, 0), "c": (3, 0, 0)}
    classes = read_mask(painted(index, class_map), class_map)
    labels = encode_pixel(painted(index, class_map), class_map)
    assert pixel_json(classes) == json.dumps(labels, separators=(",", ":")).encode()


@pytest.mark.usefixtures("built_kernel")
@settings(slow, max_examples=40)
@given(indices(), st.integers(0, 3))
def test_both_writers_write_the_same(index: Array, digits: int) -> None:
    rings = trace(index)
    largest = 200 * 10**digits
    arguments = rings.vertices * 10**digits, rings.firsts, rings.counts, largest
    by_kernel, by_numpy = write_rings(*arguments), write_rings_with_numpy(*arguments)
    assert by_kernel[0] == by_numpy[0]
    assert np.array_equal(by_kernel[1], by_numpy[1])


class TestLabelsOfOthers:
    """What services and people write for the same picture."""

    def label(
        self, regions: Any, holes: Any = None, size: Any = (6, 5), name: str = "car"
    ) -> dict[str, Any]:
        return {
            "category": [["object", name]],
            "pixel": {"imagesize": list(size), "regions": regions, "holes": holes},
        }

    def drawn(self, *labels: dict[str, Any]) -> list[str]:
        mask = decode_pixel(labels, TWO)
        return ["".join(".cb"[int(p[0] > 0) + 2 * int(p[1] > 0)] for p in row) for row in mask]

    @pytest.mark.parametrize(
        "ring",
        [
            [[1, 1], [4, 1], [4, 3], [1, 3]],
            [[1, 1], [1, 3], [4, 3], [4, 1]],
            [[1, 1], [4, 1], [4, 3], [1, 3], [1, 1]],
            [[1.0, 1.0], [4.0, 1.0], [4.0, 3.0], [1.0, 3.0]],
            [[2, 1], [3, 1], [4, 1], [4, 1], [4, 2], [4, 3], [1, 3], [1, 2], [1, 1]],
        ],
        ids=["open", "turned round", "closed", "floats", "repeated and redundant"],
    )
    def test_a_rectangle_is_the_same_however_it_is_written(self, ring: Any) -> None:
        assert self.drawn(self.label([ring])) == ["......", ".ccc..", ".ccc..", "......", "......"]

    def test_holes_are_taken_out_and_islands_put_back(self) -> None:
        outer = [[0, 0], [6, 0], [6, 5], [0, 5]]
        hole = [[1, 1], [5, 1], [5, 4], [1, 4]]
        island = [[2, 2], [3, 2], [3, 3], [2, 3]]
        assert self.drawn(self.label([outer, island], [hole])) == [
            "cccccc", "c....c", "c.c..c", "c....c", "cccccc",
        ]  # fmt: skip

    def test_pixels_in_two_regions_of_one_label_are_not_in_it(self) -> None:
        one, two = [[0, 0], [4, 0], [4, 5], [0, 5]], [[3, 0], [6, 0], [6, 5], [3, 5]]
        assert self.drawn(self.label([one, two]))[0] == "ccc.cc"

    def test_the_later_label_is_seen_where_two_overlap(self) -> None:
        one, two = [[0, 0], [4, 0], [4, 5], [0, 5]], [[3, 0], [6, 0], [6, 5], [3, 5]]
        assert self.drawn(self.label([one]), self.label([two], name="bus"))[0] == "cccbbb"

    def test_slanted_edges_take_the_pixels_whose_centres_they_enclose(self) -> None:
        assert self.drawn(self.label([[[0, 0], [5, 0], [0, 5]]])) == [
            "cccc..", "ccc...", "cc....", "c.....", "......",
        ]  # fmt: skip

    def test_what_lies_outside_of_the_picture_is_cut_off(self) -> None:
        assert self.drawn(self.label([[[-2, -2], [2, -2], [2, 9], [-2, 9]]])) == ["cc...."] * 5

    def test_labels_without_pixels_are_not_drawn(self) -> None:
        box = {"category": [["object", "bus"]], "bbox2d": {"xnorm": 0, "ynorm": 0}}
        assert self.drawn(self.label([[[0, 0], [1, 0], [1, 1], [0, 1]]]), box)[0] == "c....."

    def test_the_last_part_of_a_deep_category_counts(self) -> None:
        label = self.label([[[0, 0], [1, 0], [1, 1], [0, 1]]])
        label["category"] = [["object", "vehicle", "bus"]]
        assert self.drawn(label)[0] == "b....."

    def test_sizes_may_be_floats(self) -> None:
        assert len(self.drawn(self.label([[[0, 0], [1, 0], [1, 1], [0, 1]]], size=(6.0, 5.0)))) == 5

    def test_empty_rings_draw_nothing(self) -> None:
        assert self.drawn(self.label([[]], [])) == ["......"] * 5


@pytest.mark.usefixtures("implementation")
def test_a_png_and_its_array_give_the_same_labels() -> None:
    mask = painted(np.random.default_rng(3).integers(0, 3, (50, 40)), TWO)
    assert encode_pixel(png(mask), TWO) == encode_pixel(mask, TWO)
