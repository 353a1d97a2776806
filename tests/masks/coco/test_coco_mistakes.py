"""COCO files with mistakes, some of them malicious: each is told, and nothing is drawn of it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from rbsync.masks import coco_labels, decode_pixel
from rbsync.masks.coco.shapes import LONGEST_OUTLINE
from tests.masks.mistakes import said

# pycocotools 2.0.11 has not yet the newest signature of __array__.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CORRECT = "\n    correct the annotation, or take it out"
SQUARE = [[0, 0, 2, 0, 2, 2, 0, 2]]
HUGE = 10**4000


def document(*shapes: Any, width: Any = 8, height: Any = 6) -> dict[str, Any]:
    """Two images, of which the first has an annotation of each shape."""
    return {
        "images": [
            {"id": 7, "file_name": "a.jpg", "width": width, "height": height},
            {"id": 8, "file_name": "b.jpg", "width": 2, "height": 2},
        ],
        "categories": [{"id": 3, "name": "cat"}],
        "annotations": [
            {"id": place, "image_id": 7, "category_id": 3, "segmentation": shape}
            for place, shape in enumerate(shapes)
        ],
    }


def changed(section: str, place: int, **members: Any) -> dict[str, Any]:
    """A document of one square, a member of which has other values."""
    data = document(SQUARE)
    data[section][place].update(members)
    return data


def without(section: str, member: str) -> dict[str, Any]:
    data = document(SQUARE)
    del data[section][0][member]
    return data


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def rle(counts: Any, *, size: Any = (6, 8)) -> dict[str, Any]:
    return {"size": list(size) if isinstance(size, tuple) else size, "counts": counts}


def unreadable(shape: Any) -> str:
    """Why a shape is not drawn; the file, the annotation and the next step are told with it."""
    before = "c.json: annotation 0 has a segmentation that cannot be read: "
    message = said(coco_labels, document(shape), file="c.json")
    assert message.startswith(before)
    assert message.endswith(CORRECT)
    return message.removeprefix(before).removesuffix(CORRECT)


class TestRuns:
    @pytest.mark.parametrize(
        ("counts", "reason"),
        [
            ([], "its counts are 0 pixels together, its image's 48"),
            ("", "its counts are 0 pixels together, its image's 48"),
            ([5], "its counts are 5 pixels together, its image's 48"),
            ("5", "its counts are 5 pixels together, its image's 48"),
            ([40, 9], "its counts are 49 pixels together, its image's 48"),
            ([-5, 53], "its counts have -5, in an image of 48 pixels"),
            ([0, 49], "its counts have 49, in an image of 48 pixels"),
            ([1 << 32, 48], "its counts have 4294967296, in an image of 48 pixels"),
            ([HUGE], f"its counts have {'1' + '0' * 38}…, in an image of 48 pixels"),
            ([48.0], "its counts have 48.0, which is no integer"),
            ([True, 47], "its counts have true, which is no integer"),
            ([0, "48"], 'its counts have "48", which is no integer'),
            ([0, [48]], "its counts have [48], which is no integer"),
            (None, "its counts are null, neither a list nor a string"),
            (48, "its counts are a number, neither a list nor a string"),
            ({"0": 48}, "its counts are an object, neither a list nor a string"),
        ],
    )
    def test_that_are_not_the_pixels_of_the_image(self, counts: Any, reason: str) -> None:
        assert unreadable(rle(counts)) == reason

    @pytest.mark.parametrize("text", ["é", "0 5", "\ud800", "0\n", "p", "\0", "/"])
    def test_with_characters_that_no_code_has(self, text: str) -> None:
        reason = "its counts have a character that compressed counts do not have"
        assert unreadable(rle(text)) == reason

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("P", "its counts end within a number"),
            ("5P", "its counts end within a number"),
            ("oooooooooooo0", "its counts have a number of more than 60 bits"),
            ("o" * 99 + "0", "its counts have a number of more than 60 bits"),
            ("oooooooooo?", f"its counts have {2**54 - 1}, in an image of 48 pixels"),
            ("K", "its counts have -5, in an image of 48 pixels"),
            ("55KK", "its counts have -5, in an image of 48 pixels"),
        ],
    )
    def test_with_numbers_that_no_code_has(self, text: str, reason: str) -> None:
        assert unreadable(rle(text)) == reason

    @pytest.mark.parametrize(
        ("size", "shown"),
        [
            ([8, 6], "[8, 6]"),
            ([6], "[6]"),
            (None, "null"),
            (6, "6"),
            ("68", '"68"'),
            ({"6": 8}, '{"6": 8}'),
        ],
    )
    def test_of_another_size(self, size: Any, shown: str) -> None:
        assert unreadable(rle([48], size=size)) == f"its size is {shown}, its image's [6, 8]"

    def test_without_size_or_counts(self) -> None:
        assert unreadable({"counts": [48]}) == "its size is null, its image's [6, 8]"
        assert unreadable({"size": [6, 8]}) == ("its counts are null, neither a list nor a string")

    @pytest.mark.parametrize("density", [0.0, 0.01, 0.5, 0.99, 1.0])
    def test_that_are_right_are_decoded_as_coco_does(self, density: float) -> None:
        random = np.random.default_rng(5)
        for width, height in ((1, 1), (1, 70), (70, 1), (300, 41)):
            pixels = (random.random((height, width)) < density).astype(np.uint8)
            code = coco_mask.encode(np.asfortranarray(pixels))
            data = document(code, width=width, height=height)
            mask = decode_pixel(
                coco_labels(data)["a.jpg"], {"cat": (1, 1, 1)}, imagesize=(width, height)
            )
            assert (mask[:, :, 0] == pixels).all()


class TestPolygons:
    @pytest.mark.parametrize(
        ("polygon", "reason"),
        [
            ([1e300, 0, 2, 0, 2, 2], "(1e+300, 0)"),
            ([0, 0, math.inf, 0, 2, 2], "(inf, 0)"),
            ([0, 0, 2, -math.inf, 2, 2], "(2, -inf)"),
            ([0, 0, 2, 0, 2, math.nan], "(2, nan)"),
            ([0, 0, 1e9, 0, 2, 2], "(1e+09, 0)"),
            ([0, 0, -8.5, 0, 2, 2], "(-8.5, 0)"),
            ([0, 0, 2, 12.5, 2, 2], "(2, 12.5)"),
            ([0, 0, 2, 0, 1 << 70, 2], "(1.18059e+21, 2)"),
        ],
    )
    def test_far_outside_of_their_image(self, polygon: Any, reason: str) -> None:
        assert unreadable([SQUARE[0], polygon]) == (
            f"polygon 1 has the corner {reason}, far outside of its image, which is 8 x 6"
        )

    def test_near_their_image_are_drawn_within_it(self) -> None:
        assert coco_labels(document([[-8, -6, 16, -6, 16, 12, -8, 12]]))["a.jpg"][0]["pixel"] == {
            "imagesize": [8, 6],
            "regions": [[[0, 0], [8, 0], [8, 6], [0, 6]]],
            "holes": [],
        }

    @pytest.mark.parametrize(
        ("polygon", "reason"),
        [
            ([0, 0, 2, 2], "polygon 0 has 4 numbers, not x and y of 3 corners or more"),
            ([0, 0, 2, 0, 2, 2, 0], "polygon 0 has 7 numbers, not x and y of 3 corners or more"),
            ([], "polygon 0 has 0 numbers, not x and y of 3 corners or more"),
            (0, "polygon 0 is a number, not a list [x, y, x, y, …]"),
            (rle([48]), "polygon 0 is an object, not a list [x, y, x, y, …]"),
            ([0, 0, "2", 0, 2, 2], 'polygon 0 has "2", which is no number'),
            ([0, 0, True, 0, 2, 2], "polygon 0 has true, which is no number"),
            ([0, 0, None, 0, 2, 2], "polygon 0 has null, which is no number"),
            ([[0, 0]] * 6, "polygon 0 has [0, 0], which is no number"),
            ([0, 0, HUGE, 0, 2, 2], "polygon 0 has a number of hundreds of digits"),
        ],
    )
    def test_that_are_none(self, polygon: Any, reason: str) -> None:
        assert unreadable([polygon]) == reason

    def test_without_a_list_around_them(self) -> None:
        reason = "polygon 0 is a number, not a list [x, y, x, y, …]"
        assert unreadable(SQUARE[0]) == reason

    def test_deeper_than_anybody_can_look(self) -> None:
        assert unreadable([nested(9000)]) == (
            "polygon 0 has 1 numbers, not x and y of 3 corners or more"
        )
        assert unreadable([[0, 0, nested(9000), 0, 2, 2]]) == (
            "polygon 0 has a list, which is no number"
        )

    def test_whose_outline_would_take_all_memory(self) -> None:
        there_and_back = [0, 0, 8000, 8000] * 400
        data = document([there_and_back], [SQUARE[0]], width=8000, height=8000)
        assert said(coco_labels, data) == (
            "annotation 0 has a segmentation that cannot be read: its outline is 6,400,800 pixels "
            f"long, more than the limit of {LONGEST_OUTLINE:,}{CORRECT}"
        )

    @pytest.mark.parametrize(
        ("shape", "reason"),
        [
            ([], "it is empty"),
            ({}, "its size is null, its image's [6, 8]"),
            ("x", "it is a string, neither a list of polygons nor RLE"),
            (False, "it is a boolean, neither a list of polygons nor RLE"),
        ],
    )
    def test_that_are_something_else(self, shape: Any, reason: str) -> None:
        assert unreadable(shape) == reason


class TestLargeImages:
    @pytest.mark.parametrize(
        "shape", [SQUARE, {"size": [100_000, 100_000], "counts": [10_000_000_000]}]
    )
    def test_are_not_drawn(self, shape: Any) -> None:
        data = document(shape, width=100_000, height=100_000)
        assert said(coco_labels, data, file="c.json") == (
            "c.json: annotation 0 is of an image of 100000 x 100000 = 10,000,000,000 pixels, more "
            "than the limit of 134,217,728; it was not drawn"
            "\n    correct the size of image 7; if it is meant to be that large, raise max_pixels"
        )

    def test_are_fine_as_long_as_nothing_is_drawn_in_them(self) -> None:
        data = document(width=100_000, height=100_000)
        assert coco_labels(data) == {"a.jpg": [], "b.jpg": []}

    def test_are_what_max_pixels_says(self) -> None:
        assert len(coco_labels(document(SQUARE), max_pixels=48)["a.jpg"]) == 1
        assert "8 x 6 = 48 pixels, more than the limit of 47" in said(
            coco_labels, document(SQUARE), max_pixels=47
        )

    def test_have_a_limit_above_all_others(self) -> None:
        data = document(SQUARE, width=1 << 27, height=17)
        assert "more than the limit of 2,147,483,647" in said(coco_labels, data, max_pixels=1 << 60)


class TestSections:
    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            ([], "it is a list, not an object"),
            (None, "it is null, not an object"),
            ({}, "it has no list `images`"),
            ({**document(), "images": {}}, "it has no list `images`"),
            ({**document(), "categories": None}, "it has no list `categories`"),
            ({**document(), "annotations": {"id": 1}}, "it has no list `annotations`"),
            ({**document(), "images": [None]}, "images[0] is null, not an object"),
            ({**document(), "categories": ["cat"]}, "categories[0] is a string, not an object"),
        ],
    )
    def test_of_another_form(self, data: Any, reason: str) -> None:
        assert said(coco_labels, data, file="c.json") == (
            f"c.json: this is not a COCO annotation file: {reason}"
            "\n    expected are images, categories and annotations, as in instances_val2017.json"
        )

    @pytest.mark.parametrize(("entry", "what"), [([], "a list"), (None, "null"), ("x", "a string")])
    def test_an_annotation_that_is_none_concerns_itself_alone(self, entry: Any, what: str) -> None:
        data = {**document(), "annotations": [entry]}
        assert said(coco_labels, data, file="c.json") == (
            f"c.json: annotations[0] is {what}, not an object"
            "\n    correct the annotation, or take it out"
        )

    def test_two_images_with_one_file_name(self) -> None:
        assert said(coco_labels, changed("images", 1, file_name="a.jpg")) == (
            'images 7 and 8 have one file_name, "a.jpg"'
            "\n    list each image once, with the annotations of both"
        )

    @pytest.mark.parametrize("section", ["images", "categories"])
    @pytest.mark.parametrize(("first", "second"), [(5, 5), (5, 5.0), ("5", "5")])
    def test_two_members_with_one_id(self, section: str, first: Any, second: Any) -> None:
        data = document(SQUARE)
        data[section] = [{**data[section][0], "id": key} for key in (first, second)]
        assert said(coco_labels, data) == (
            f"{section}[0] and {section}[1] have one id, {json.dumps(second)}"
            "\n    give each an id of its own, and the annotations the id that they mean"
        )

    @pytest.mark.parametrize(
        ("key", "shown"),
        [
            (None, "null"),
            (True, "true"),
            ([7], "[7]"),
            ({}, "{}"),
            (1.5, "1.5"),
            (math.nan, "NaN"),
            (math.inf, "Infinity"),
            (nested(9000), "a list"),
        ],
    )
    @pytest.mark.parametrize("section", ["images", "categories"])
    def test_an_id_that_is_none(self, section: str, key: Any, shown: str) -> None:
        assert said(coco_labels, changed(section, 0, id=key)) == (
            f"{section}[0] has the id {shown}\n    an id is an integer, or a string"
        )

    @pytest.mark.parametrize("key", ["width", "height"])
    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            (0, "0"),
            (-8, "-8"),
            (8.5, "8.5"),
            ("8", '"8"'),
            (None, "null"),
            (True, "true"),
            (math.nan, "NaN"),
            (1e300, "1e+300"),
            ((1 << 27) + 1, "134217729"),
            (HUGE, "1" + "0" * 38 + "…"),
        ],
    )
    def test_a_size_that_is_none(self, key: str, value: Any, shown: str) -> None:
        assert said(coco_labels, changed("images", 0, **{key: value})) == (
            f"image 7 has the {key} {shown}"
            "\n    width and height are integers from 1 to 134,217,728, in pixels"
        )

    @pytest.mark.parametrize(
        ("value", "shown"),
        [(None, "null"), ("", '""'), (5, "5"), ([], "[]"), ("a\ud800", '"a\\ud800"')],
    )
    def test_a_name_that_is_none(self, value: Any, shown: str) -> None:
        hint = "\n    write a text of at least one character; half of a surrogate pair is none"
        assert said(coco_labels, changed("images", 1, file_name=value)) == (
            f"image 8 has the file_name {shown}{hint}"
        )
        assert said(coco_labels, changed("categories", 0, name=value)) == (
            f"category 3 has the name {shown}{hint}"
        )


class TestAnnotations:
    @pytest.mark.parametrize("key", ["image_id", "category_id"])
    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            (5, "5"),
            ("7", '"7"'),
            ([7], "[7]"),
            ({"id": 7}, '{"id": 7}'),
            (None, "null"),
            (True, "true"),
            (math.nan, "NaN"),
            (HUGE, "1" + "0" * 38 + "…"),
            (nested(9000), "a list"),
        ],
    )
    def test_of_nothing_that_is_listed(self, key: str, value: Any, shown: str) -> None:
        assert said(coco_labels, changed("annotations", 0, **{key: value})) == (
            f"annotation 0 has the {key} {shown}, which is not listed{CORRECT}"
        )

    @pytest.mark.parametrize("key", ["image_id", "category_id"])
    def test_of_nothing(self, key: str) -> None:
        assert said(coco_labels, without("annotations", key)) == (
            f"annotation 0 has no {key}{CORRECT}"
        )

    @pytest.mark.parametrize("key", [None, [1], True, 1.5])
    def test_without_an_id_are_known_by_their_place(self, key: Any) -> None:
        data = changed("annotations", 0, id=key, image_id=5)
        assert said(coco_labels, data) == (
            f"annotations[0] has the image_id 5, which is not listed{CORRECT}"
        )

    def test_with_a_box_alone(self) -> None:
        data = without("annotations", "segmentation")
        hint = "\n    a label needs polygons or RLE: add them, or take the annotation out"
        assert said(coco_labels, data) == f"annotation 0 has no segmentation{hint}"
        data["annotations"][0].update(bbox=[0, 0, 2, 2], segmentation=None)
        assert said(coco_labels, data) == (
            f"annotation 0 has only a bbox, and no segmentation{hint}"
        )

    @pytest.mark.parametrize("crowd", [0, 1, True, None, "1", [], nested(50)])
    @pytest.mark.parametrize("shape", [SQUARE, rle([0, 2, 4, 2, 40])])
    def test_of_a_crowd_are_labels_as_all_others(self, crowd: Any, shape: Any) -> None:
        data = document(shape)
        plain = coco_labels(data)
        data["annotations"][0]["iscrowd"] = crowd
        assert coco_labels(data) == plain
        assert plain["a.jpg"][0]["pixel"]["regions"] == [[[0, 0], [2, 0], [2, 2], [0, 2]]]

    def test_with_ids_of_another_kind(self) -> None:
        data = document(SQUARE)
        data["images"][0] |= {"id": "seven", "width": 8.0}
        data["annotations"][0] |= {"id": "x", "image_id": "seven", "category_id": 3.0}
        labels = coco_labels(data)["a.jpg"]
        assert json.dumps(labels[0]["pixel"]["imagesize"]) == "[8, 6]"


def test_run_length_codes_need_no_pycocotools() -> None:
    code = (
        "import sys; sys.modules['pycocotools'] = None\n"
        "from rbsync.masks import coco_labels\n"
        f"print(len(coco_labels({document(rle([0, 48]))!r})['a.jpg']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
