"""Mask files, found by a pattern or in an exported folder: which image each belongs to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rbsync.sources.entry import Entry, MaskLabels
from tests.sources.declared import Declared

COLOURS = {"car": [255, 0, 0], "bus": [0, 255, 0]}
IMAGES = {"a": "items/8b7e/a.jpg", "b.png": "https://example.org/b.jpg"}


@pytest.fixture
def masks(declared: Declared) -> Declared:
    """Two masks with both maps beside them, and an image of one of them."""
    declared.write("m/a.png", "m/b.png", "images/a.jpg")
    declared.write("m/class_map.json", data=json.dumps(COLOURS))
    declared.write("m/datapoint_map.json", data=json.dumps(IMAGES))
    return declared


def source(kind: str, **more: Any) -> dict[str, Any]:
    """The keys of a source of that kind over the folder ``m``."""
    if kind == "folder":
        return {"folder": "m", **more}
    return {"glob": "m/*.png", "image": "images/{stem}.jpg", "class_map": MAP, **more}


MAP = "m/class_map.json"
both = pytest.mark.parametrize("kind", ["folder", "glob"])


def images(entries: list[Entry]) -> dict[str, tuple[str, ...]]:
    return {one.name: one.items for one in entries}


def planned(entries: list[Entry]) -> list[Entry]:
    """Those that may become datapoints."""
    return [one for one in entries if one.barred is None]


@both
def test_each_mask_is_the_labels_of_one_datapoint(masks: Declared, kind: str) -> None:
    entries = masks.expand(**source(kind))
    assert masks.silent()
    assert [one.name for one in entries] == ["a", "b"]
    for one in entries:
        assert one.labels.files == (f"m/{one.name}.png",)
        assert (one.labels.categories, one.labels.named_by) == (("car", "bus"), MAP)
        assert one.settings == masks.settings


@both
def test_another_class_map_can_be_named(masks: Declared, kind: str) -> None:
    masks.write("other.json", data=json.dumps({"van": [1, 2, 3]}))
    for one in masks.expand(**source(kind, class_map="other.json")):
        assert (one.labels.categories, one.labels.named_by) == (("van",), "other.json")


@both
def test_what_is_said_of_reading_is_in_the_recipe(masks: Declared, kind: str) -> None:
    plain, *_ = masks.expand(**source(kind))
    other, *_ = masks.expand(**source(kind, ignore_colors=[[9, 9, 9]], max_pixels=4711))
    assert plain.labels.recipe != other.labels.recipe
    assert "4711" in other.labels.recipe


@both
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "missing-file: rbsync.yaml:99:6: there is no file `m/class_map.json`"),
        ("{", "json: m/class_map.json:1:2: the JSON cannot be read: expecting property"),
    ],
)
def test_without_a_class_map_nobody_knows_what_is_declared(
    masks: Declared, kind: str, data: str | None, said: str
) -> None:
    if data is None:
        (masks.root / MAP).unlink()
    else:
        masks.write(MAP, data=data)
    assert not planned(masks.expand(**source(kind)))
    assert (len(masks.unread), masks.problems) == (1, [])
    assert masks.unread[0].startswith(said)


@both
def test_a_class_map_with_mistakes_is_reported(masks: Declared, kind: str) -> None:
    masks.write(MAP, data=json.dumps({"car": [255, 0, 0], "bus": [255, 0, 0]}))
    assert not planned(masks.expand(**source(kind)))
    assert len(masks.problems) == 1
    assert "m/class_map.json" in masks.problems[0]


@both
def test_a_colour_cannot_be_a_class_and_background(masks: Declared, kind: str) -> None:
    assert not planned(masks.expand(**source(kind, ignore_colors=[[255, 0, 0]])))
    assert len(masks.problems) == 1
    assert "car" in masks.problems[0]


@both
@pytest.mark.parametrize("encoding", ["auto", "pixel", "nifti"])
def test_how_a_mask_is_sent_is_no_part_of_how_it_is_read(
    masks: Declared, kind: str, encoding: str
) -> None:
    plain, *_ = masks.expand(**source(kind))
    found, *_ = masks.expand(**source(kind, encoding=encoding))
    assert isinstance(found.labels, MaskLabels)
    assert found.labels.encoding == encoding
    assert found.labels._replace(encoding="auto") == plain.labels


def test_a_pattern_names_datapoints_and_images_by_its_captures(masks: Declared) -> None:
    found = masks.expand(
        glob="m/{case}.png", class_map=MAP, name="case {case}", image="https://x.test/{case}.jpg"
    )
    assert images(found) == {
        "case a": ("https://x.test/a.jpg",),
        "case b": ("https://x.test/b.jpg",),
    }


def test_a_pattern_leaves_out_what_is_excluded(masks: Declared) -> None:
    assert list(images(masks.expand(**source("glob", exclude=["m/a*"])))) == ["b"]


def test_a_pattern_that_matches_nothing_is_a_mistake_unless_it_is_meant(masks: Declared) -> None:
    assert not planned(masks.expand(**source("glob", glob="none*.png")))
    assert masks.problems[0].startswith("empty-glob: rbsync.yaml:3:6: no file matches")
    assert not planned(masks.expand(**source("glob", glob="none*.png", allow_empty=True)))
    assert masks.problems == []


def test_wrong_templates_of_a_pattern_are_both_reported(masks: Declared) -> None:
    assert not planned(masks.expand(**source("glob", name="{nome}", image="{imago}.jpg")))
    assert len(masks.problems) == 2


def test_a_folder_takes_the_images_of_its_map_as_they_are(masks: Declared) -> None:
    assert images(masks.expand(folder="m")) == {
        "a": ("items/8b7e/a.jpg",),
        "b": ("https://example.org/b.jpg",),
    }


def test_a_folder_finds_local_images_by_the_end_of_their_paths(masks: Declared) -> None:
    a, b = masks.expand(folder="m", images="images")
    assert (a.items, a.problems) == (("images/a.jpg",), ())
    (problem,) = b.problems
    assert problem.message == (
        "the mask `m/b.png` has no image: there is no `b.jpg` below `images`"
    )


def test_a_mask_that_the_map_lacks_and_one_that_the_folder_lacks(masks: Declared) -> None:
    masks.write("m/datapoint_map.json", data=json.dumps({"a": "a.jpg", "gone": "g.jpg"}))
    a, b = masks.expand(folder="m")
    assert (a.problems, b.items) == ((), ("",))
    (problem,) = b.problems
    assert problem.hint == 'add "b.png": the path or URL of its image'
    assert masks.problems == [
        "missing-mask: rbsync.yaml:99:6: `m/datapoint_map.json` names the mask `gone`, which is "
        "not in the folder\n    export the folder again, or take the line out"
    ]


def test_a_folder_without_masks_is_told(masks: Declared) -> None:
    for name in ("a.png", "b.png"):
        (masks.root / "m" / name).unlink()
    masks.write("m/datapoint_map.json", data="{}")
    assert not planned(masks.expand(folder="m"))
    assert masks.problems == [
        "empty-folder: rbsync.yaml:99:6: the folder `m` has no masks"
        "\n    a mask folder has its PNGs, class_map.json and datapoint_map.json"
    ]


TWICE = '{"car": [255, 0, 0], "car": [0, 255, 0], "bus": [255, 0, 0]}'


@both
def test_a_category_with_two_colours_is_told_with_both(masks: Declared, kind: str) -> None:
    masks.write(MAP, data=TWICE)
    assert not planned(masks.expand(**source(kind)))
    assert masks.problems == [
        "duplicate-key: rbsync.yaml:99:6: m/class_map.json: the key `car` is given twice, at "
        "1:2 and at 1:22\n    keep one of the two"
    ]


def test_a_category_with_two_values_is_told_with_both(masks: Declared) -> None:
    masks.write(MAP, data='{"car": 1, "car": 2}')
    assert not planned(masks.expand(**source("glob", format="indexed")))
    assert masks.problems == [
        "duplicate-key: rbsync.yaml:99:6: m/class_map.json: the key `car` is given twice, at 1:2 "
        "and at 1:12\n    keep one of the two"
    ]


def test_a_key_of_two_images_is_told_with_both(masks: Declared) -> None:
    masks.write("m/datapoint_map.json", data='{"a": "a.jpg", "b": "b.jpg", "a": "c.jpg"}')
    assert not planned(masks.expand(folder="m"))
    assert masks.problems == [
        "duplicate-key: rbsync.yaml:99:6: m/datapoint_map.json: the key `a` is given twice, at "
        "1:2 and at 1:30\n    keep one of the two"
    ]


def test_a_mask_with_two_entries_is_told_with_both(masks: Declared) -> None:
    masks.write(
        "m/datapoint_map.json", data=json.dumps({"a": "a.jpg", "b": "b.jpg", "a.png": "c.jpg"})
    )
    a, b = masks.expand(folder="m")
    assert (b.items, b.problems, masks.problems) == (("b.jpg",), (), [])
    assert str(a.problems[0]) == (
        "rbsync.yaml:99:6: `m/datapoint_map.json` names the mask `m/a.png` twice, as `a` with the "
        "image `a.jpg` and as `a.png` with the image `c.jpg`\n    keep one of the two"
    )


def test_masks_whose_names_end_in_the_suffix_twice_are_told_apart(masks: Declared) -> None:
    masks.write("m/a.png.png")
    for images_by_key in (
        {"a": "1", "a.png": "2", "b": "3"},
        {"a.png": "1", "a.png.png": "2", "b.png": "3"},
    ):
        masks.write("m/datapoint_map.json", data=json.dumps(images_by_key))
        found = images(masks.expand(folder="m"))
        assert found == {"a": ("1",), "a.png": ("2",), "b": ("3",)}
        assert masks.silent()


COMPOSED, APART = "\u00e9", "e\u0301"


@pytest.mark.parametrize(("key", "file"), [(COMPOSED, APART), (APART, COMPOSED)])
@pytest.mark.parametrize("ending", ["", ".png"])
def test_a_key_finds_the_file_that_writes_its_accent_otherwise(
    masks: Declared, key: str, file: str, ending: str
) -> None:
    masks.write(f"m/{file}.png", f"images/{file}.jpg")
    masks.write(
        "m/datapoint_map.json",
        data=json.dumps({key + ending: f"items/{key}.jpg", "a": "a.jpg", "b": "a.jpg"}),
    )
    *_, accented = masks.expand(folder="m", images="images")
    assert masks.silent()
    assert (accented.problems, accented.items) == ((), (f"images/{file}.jpg",))


@pytest.mark.parametrize("key", ["c", "c.png", "c.PNG"])
def test_a_key_finds_the_file_whose_suffix_is_in_capitals(masks: Declared, key: str) -> None:
    masks.write("m/c.PNG")
    masks.write("m/datapoint_map.json", data=json.dumps({**IMAGES, key: "c.jpg"}))
    assert images(masks.expand(folder="m"))["c"] == ("c.jpg",)
    assert masks.silent()


def test_of_files_that_are_alike_a_key_finds_the_one_that_it_names(masks: Declared) -> None:
    masks.write("m/c.PNG", "m/c.png")
    masks.write("m/datapoint_map.json", data=json.dumps({**IMAGES, "c.PNG": "1", "c.png": "2"}))
    entries = masks.expand(folder="m")
    found = {one.labels.files[0]: one.items for one in entries}
    assert (found["m/c.PNG"], found["m/c.png"]) == (("1",), ("2",))


@both
def test_a_colour_that_is_class_and_background_is_told_where_it_is_said(
    masks: Declared, kind: str
) -> None:
    hint = "\n    give the category another colour, or take it out of the class map"
    assert not planned(masks.expand(**source(kind, ignore_colors=[[255, 0, 0]])))
    assert masks.problems == [
        "class-is-background: rbsync.yaml:98:6: the colour (255, 0, 0) is both category 'car' and "
        "background" + hint
    ]
    masks.write(MAP, data=json.dumps({"none": [0, 0, 0]}))
    assert not planned(masks.expand(**source(kind)))
    assert masks.problems == [
        "class-is-background: rbsync.yaml:99:6: the colour (0, 0, 0) is both category 'none' and "
        f"background{hint}; where black is a class, say `ignore_colors: []` or other colours there"
    ]
