"""VOC PNGs, one binary PNG for each class, and COCO annotations."""

import json
import sys
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from rbsync.masks import (
    coco_labels,
    decode_pixel,
    labels_of,
    read_binary_pngs,
    read_indexed_png,
)
from tests.masks.mistakes import said
from tests.masks.pictures import png
from tests.masks.png.png_parts import idat, ihdr, put_together

# pycocotools 2.0.11 has not yet the newest signature of __array__.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

VOC = {1: "aeroplane", 15: "person"}


def indexed(*rows: list[int]) -> bytes:
    image = Image.fromarray(np.array(rows, np.uint8), "P")
    image.putpalette(list(range(256)) * 3)
    return png(image)


class TestIndexedPngs:
    def test_values_are_classes_and_255_is_nobody(self) -> None:
        index = read_indexed_png(indexed([0, 15, 255], [1, 1, 0]), VOC)
        assert index.names == ("aeroplane", "person")
        assert index.pixels.tolist() == [[0, 2, 0], [1, 1, 0]]
        assert index.pixels.dtype == np.uint8

    def test_grey_values_are_classes_too(self) -> None:
        grey = png(np.array([[0, 15], [1, 255]], np.uint8))
        assert read_indexed_png(grey, VOC).pixels.tolist() == [[0, 2], [1, 0]]

    def test_all_256_values_may_be_classes(self) -> None:
        names = {value: f"class {value}" for value in range(256)}
        index = read_indexed_png(indexed(list(range(256))), names)
        assert index.pixels.tolist() == [list(range(1, 257))]
        assert len(labels_of(index)) == 256

    @pytest.mark.parametrize("colour_type", [0, 3])
    @pytest.mark.parametrize("depth", [1, 2, 4])
    def test_values_of_few_bits_are_what_the_file_says(self, depth: int, colour_type: int) -> None:
        """The largest is no 255, although it is shown as white."""
        most = (1 << depth) - 1
        row = bytes([most << 8 - depth])
        names = {value: f"class {value}" for value in range(1, most + 1)}
        index = read_indexed_png(put_together(ihdr(2, 1, depth, colour_type), idat(row)), names)
        assert index.pixels.tolist() == [[most, 0]]

    def test_several_values_without_a_category_most_frequent_first(self) -> None:
        hint = "\n    give the value a category, or list it under `ignore_values`"
        two = indexed([0, 9, 7], [7, 1, 15])
        assert said(read_indexed_png, two, VOC) == (
            "undeclared value 7 in 2 pixels, first at column 2, row 0; "
            f"undeclared value 9 in 1 pixel, first at column 1, row 0{hint}"
        )
        many = indexed([5, 5, 9, 9, 9], [4, 3, 3, 2, 2], [8, 8, 8, 8, 8])
        assert said(read_indexed_png, many, VOC) == (
            "undeclared value 8 in 5 pixels, first at column 0, row 2; "
            "undeclared value 9 in 3 pixels, first at column 2, row 0; "
            "undeclared value 2 in 2 pixels, first at column 3, row 1; "
            f"and 3 more values in 5 pixels{hint}"
        )

    @pytest.mark.parametrize("value", [256, -3, 999, 1.0, "1", True])
    def test_a_value_that_no_pixel_has(self, value: Any) -> None:
        words = f"an indexed PNG has no value {value!r}\n    pixel values are integers 0-255"
        assert said(read_indexed_png, indexed([0]), VOC, ignore=[0, value]) == words
        assert said(read_indexed_png, indexed([0]), {value: "car"}) == words

    def test_a_value_without_a_category(self) -> None:
        assert said(read_indexed_png, indexed([0, 1], [7, 7]), VOC) == (
            "undeclared value 7 in 2 pixels, first at column 0, row 1"
            "\n    give the value a category, or list it under `ignore_values`"
        )

    def test_a_colour_picture(self) -> None:
        assert said(read_indexed_png, png(np.zeros((2, 2, 3), np.uint8)), VOC) == (
            "this PNG has colours, not class values"
            "\n    colour masks need a class map of colours instead of values"
        )


class TestBinaryPngs:
    A = np.array([[255, 0, 0], [255, 0, 0]], np.uint8)
    B = np.array([[0, 0, 1], [0, 0, 1]], np.uint8)

    def test_one_class_from_each_file(self) -> None:
        index = read_binary_pngs({"a": png(self.A), "b": png(self.B)})
        assert index.names == ("a", "b")
        assert index.pixels.tolist() == [[1, 0, 2], [1, 0, 2]]

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "P"])
    def test_every_kind_of_png_says_the_same(self, mode: str) -> None:
        image = Image.fromarray(self.A).convert("RGB").convert(mode)
        assert read_binary_pngs({"a": png(image)}).pixels.tolist() == [[1, 0, 0], [1, 0, 0]]

    def test_two_claims_to_one_pixel(self) -> None:
        both = np.array([[0, 0, 0], [255, 0, 255]], np.uint8)
        assert said(read_binary_pngs, {"a": png(self.A), "b": png(both)}) == (
            "'b' and 'a' both claim 1 pixel, first at column 0, row 1"
            "\n    one pixel is of one class; upload overlapping classes as separate labels"
        )

    def test_different_sizes(self) -> None:
        assert said(read_binary_pngs, {"a": png(self.A), "b": png(self.B[:, :2])}) == (
            "this PNG is 2 x 2 pixels, but that of 'a' is 3 x 2"
            "\n    all masks of one image have its size"
        )

    def test_no_files(self) -> None:
        assert (
            said(read_binary_pngs, {}) == "there is no PNG for any category\n    check the folder"
        )


class TestCoco:
    def data(self, *segmentations: Any) -> dict[str, Any]:
        return {
            "images": [
                {"id": 7, "file_name": "a.jpg", "width": 8, "height": 6},
                {"id": 8, "file_name": "b.jpg", "width": 2, "height": 2},
            ],
            "categories": [{"id": 3, "name": "cat"}],
            "annotations": [
                {"id": i, "image_id": 7, "category_id": 3, "segmentation": shape}
                for i, shape in enumerate(segmentations)
            ],
        }

    def drawn(self, shape: Any) -> list[list[int]]:
        labels = coco_labels(self.data(shape))["a.jpg"]
        assert json.loads(json.dumps(labels)) == labels
        mask = decode_pixel(labels, {"cat": (255, 0, 0)})
        return (mask[:, :, 0] // 255).tolist()

    PIXELS = np.array(
        [[0, 0, 0, 0, 0, 0, 0, 0], [0, 1, 1, 1, 1, 0, 0, 0], [0, 1, 0, 0, 1, 0, 0, 1]] * 2
    )

    def test_uncompressed_runs(self) -> None:
        flat = self.PIXELS.ravel(order="F")
        changes = np.flatnonzero(np.diff(flat, prepend=0))
        counts = np.diff([0, *changes, len(flat)]).tolist()
        assert self.drawn({"size": [6, 8], "counts": counts}) == self.PIXELS.tolist()

    def test_compressed_runs(self) -> None:
        code = coco_mask.encode(np.asfortranarray(self.PIXELS.astype(np.uint8)))
        assert self.drawn(code) == self.PIXELS.tolist()
        text = {"size": [6, 8], "counts": code["counts"].decode()}
        assert self.drawn(text) == self.PIXELS.tolist()

    def test_polygons_are_drawn_as_coco_draws_them(self) -> None:
        polygons = [[1.0, 1.0, 6.5, 1.0, 6.5, 4.2], [0, 4, 2, 4, 2, 6, 0, 6]]
        codes = coco_mask.frPyObjects(polygons, 6, 8)
        assert self.drawn(polygons) == coco_mask.decode(coco_mask.merge(codes)).tolist()

    def test_every_annotation_is_a_label_and_every_image_is_listed(self) -> None:
        labels = coco_labels(self.data([[0, 0, 2, 0, 2, 2]], [[3, 3, 6, 3, 6, 6]]))
        assert {name: len(found) for name, found in labels.items()} == {"a.jpg": 2, "b.jpg": 0}
        assert labels["a.jpg"][0]["category"] == [["object", "cat"]]

    def test_an_annotation_without_pixels_is_no_label(self) -> None:
        assert coco_labels(self.data({"size": [6, 8], "counts": [48]}))["a.jpg"] == []

    @pytest.mark.parametrize(
        ("shape", "reason"),
        [
            ([], "it is empty"),
            ({"size": [6, 9], "counts": [54]}, "its size is [6, 9], its image's [6, 8]"),
        ],
    )
    def test_a_segmentation_that_cannot_be_read(self, shape: Any, reason: str) -> None:
        assert said(coco_labels, self.data(shape), file="c.json") == (
            f"c.json: annotation 0 has a segmentation that cannot be read: {reason}"
            "\n    correct the annotation, or take it out"
        )

    def test_an_image_that_is_not_listed(self) -> None:
        data = self.data([[0, 0, 2, 0, 2, 2]])
        data["annotations"][0]["image_id"] = 5
        assert said(coco_labels, data) == (
            "annotation 0 has the image_id 5, which is not listed"
            "\n    correct the annotation, or take it out"
        )

    def test_a_file_of_another_form(self) -> None:
        assert said(coco_labels, {"images": []}) == (
            "this is not a COCO annotation file: it has no list `categories`"
            "\n    expected are images, categories and annotations, as in instances_val2017.json"
        )

    def test_without_the_extra(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pycocotools.mask", None)
        assert said(coco_labels, self.data([[0, 0, 2, 0, 2, 2]])) == (
            "COCO annotations need pycocotools\n    pip install 'rbsync[coco]'"
        )
