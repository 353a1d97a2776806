"""Every kind of label, and every way in which one can be wrong, word for word."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytest

from rbsync.labels.check import check_labels
from rbsync.labels.problem import LabelProblem
from rbsync.labels.project_types import PROJECT_TYPES
from rbsync.labels.scalars import shown
from rbsync.labels.taxonomy import Attribute
from tests.labels.samples import CAR, FRAME, NULLS, OTHERS, SHAPES, bbox, label


@pytest.mark.parametrize("kind", SHAPES)
def test_a_good_label_of_every_kind_has_no_problem(kind: str) -> None:
    assert check_labels([label(kind)], categories=["car"]) == []


@pytest.mark.parametrize("kind", SHAPES)
def test_null_stands_for_absent(kind: str) -> None:
    assert check_labels([{**NULLS, **label(kind)}]) == []
    assert check_labels([label(kind, category=CAR, unheard_of=None)]) == []


def test_all_known_members_together_have_no_problem() -> None:
    assert check_labels([label("bbox2d", labelid="1", **FRAME, **OTHERS)]) == []


def test_deeper_categories_are_known_by_their_last_name() -> None:
    deep = label("point", category=[["object", "vehicle", "car"]])
    assert check_labels([deep], categories=["car"]) == []


def test_numbers_may_be_whole_and_boxes_may_touch_the_edge() -> None:
    assert check_labels([bbox(xnorm=0, ynorm=0, wnorm=1, hnorm=1)]) == []
    assert check_labels([bbox(xnorm=0.7, wnorm=0.1 + 0.2)]) == []


def test_numbers_of_any_length_are_no_trouble() -> None:
    huge = 10**6000
    assert check_labels([label("point3d", point3d={**SHAPES["point3d"], "pointx": huge})]) == []
    assert one([bbox(xnorm=huge)]).message == "must be a number from 0 to 1, not a number"


def test_whole_floats_are_whole_numbers_in_pixels() -> None:
    ring = [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 0.0]]
    pixel = {"imagesize": [8.0, 6.0], "regions": [ring], "holes": None}
    assert check_labels([{"category": CAR, "pixel": pixel}]) == []


def one(labels: object, **rules: Any) -> LabelProblem:
    """The only problem of some labels."""
    (found,) = check_labels(labels, **rules)
    return found


def pixel(**members: Any) -> list[dict[str, Any]]:
    return [{"category": CAR, "pixel": {**SHAPES["pixel"], **members}}]


NAN, INFINITY = float("nan"), float("inf")
FRACTIONS = "coordinates are fractions of the picture's width and height"
SHAPE = 'write it as [["object", "NAME"]]'
MISTAKES: dict[str, tuple[Any, str, str, str]] = {
    "no list": ({}, "", "must be a list of labels, not an object", ""),
    "no object": ([7], "[0]", "must be an object, not a number", ""),
    "over 1": (
        [bbox(xnorm=1.2)],
        "[0].bbox2d.xnorm",
        "must be a number from 0 to 1, not 1.2",
        FRACTIONS,
    ),
    "below 0": (
        [bbox(hnorm=-1)],
        "[0].bbox2d.hnorm",
        "must be a number from 0 to 1, not -1",
        FRACTIONS,
    ),
    "a text": (
        [bbox(xnorm="0.1")],
        "[0].bbox2d.xnorm",
        "must be a number from 0 to 1, not a string",
        "",
    ),
    "a bool": (
        [bbox(xnorm=True)],
        "[0].bbox2d.xnorm",
        "must be a number from 0 to 1, not a boolean",
        "",
    ),
    "not a number": (
        [bbox(xnorm=NAN)],
        "[0].bbox2d.xnorm",
        "must be a number from 0 to 1, not nan",
        "",
    ),
    "infinity": (
        [bbox(xnorm=INFINITY)],
        "[0].bbox2d.xnorm",
        "must be a number from 0 to 1, not inf",
        "",
    ),
    "a missing coordinate": ([bbox(xnorm=None)], "[0].bbox2d.xnorm", "is missing", ""),
    "a misspelt coordinate": (
        [bbox(xnrm=0.5)],
        "[0].bbox2d.xnrm",
        "is not a known key",
        'did you mean "xnorm"?',
    ),
    "over the right edge": (
        [bbox(xnorm=0.8)],
        "[0].bbox2d.wnorm",
        "reaches over the picture's right edge: xnorm + wnorm is 1.1",
        "xnorm and ynorm are the upper left corner, not the centre",
    ),
    "over the lower edge": (
        [bbox(ynorm=0.75)],
        "[0].bbox2d.hnorm",
        "reaches over the picture's lower edge: ynorm + hnorm is 1.15",
        "xnorm and ynorm are the upper left corner, not the centre",
    ),
    "a box that is a list": (
        [label("bbox2d", bbox2d=[0, 0, 1, 1])],
        "[0].bbox2d",
        "must be an object with xnorm, ynorm, wnorm, hnorm, not a list",
        "",
    ),
    "a polygon of two": (
        [label("polygon", polygon=SHAPES["polyline"])],
        "[0].polygon",
        "must have at least 3 points, not 2",
        "",
    ),
    "a line of one": (
        [label("polyline", polyline=[SHAPES["point"]])],
        "[0].polyline",
        "must have at least 2 points, not 1",
        "",
    ),
    "a polygon that is an object": (
        [label("polygon", polygon={})],
        "[0].polygon",
        "must be a list of points, not an object",
        "",
    ),
    "a turn of pi": (
        [label("ellipse", ellipse={**SHAPES["ellipse"], "rot": 3.1416})],
        "[0].ellipse.rot",
        "must be an angle in radians, at least 0 and less than pi, not 3.1416",
        "",
    ),
    "a ring of two": (
        pixel(regions=[[[0, 0], [1, 1], [0, 0]]]),
        "[0].pixel.regions[0]",
        "must have at least 3 points, not 2",
        "",
    ),
    "no ring": (
        pixel(regions=[]),
        "[0].pixel.regions",
        "must have at least 1 ring, not 0",
        "",
    ),
    "a corner outside": (
        pixel(regions=[[[0, 0], [9, 0], [8, 6]]]),
        "[0].pixel.regions[0][1][0]",
        "must be a whole number from 0 to 8, not 9",
        "",
    ),
    "a hole outside": (
        pixel(holes=[[[0, 0], [8, 7], [8, 6]]]),
        "[0].pixel.holes[0][1][1]",
        "must be a whole number from 0 to 6, not 7",
        "",
    ),
    "half a pixel": (
        pixel(regions=[[[0, 0], [0.5, 0], [8, 6]]]),
        "[0].pixel.regions[0][1][0]",
        "must be a whole number from 0 to 8, not 0.5",
        "",
    ),
    "three coordinates": (
        pixel(regions=[[[0, 0], [1, 0, 0], [8, 6]]]),
        "[0].pixel.regions[0][1]",
        "must be [x, y], not 3 values",
        "",
    ),
    "an empty picture": (
        pixel(imagesize=[0, 6], regions=[[[0, 0], [1, 0], [1, 1]]], holes=None),
        "[0].pixel.imagesize[0]",
        "must be a whole number of at least 1, not 0",
        "",
    ),
    "a size that is a number": (
        pixel(imagesize=8),
        "[0].pixel.imagesize",
        "must be [width, height], not a number",
        "",
    ),
    "a misspelt member": (
        [label("bbox2d", atributes=[])],
        "[0].atributes",
        "is not a known key",
        'did you mean "attributes"?',
    ),
    "a misspelt kind": (
        [label("bbox2d", polygn=[])],
        "[0].polygn",
        "is not a known key",
        'did you mean "polygon"?',
    ),
    "no kind": (
        [{"category": CAR, "taskclassify": False}],
        "[0]",
        "the label has neither a geometry nor a classification",
        "",
    ),
    "no category": ([{"point": SHAPES["point"]}], "[0].category", "is missing", SHAPE),
    "a plain category": (
        [label("point", category="car")],
        "[0].category",
        'must be a list of paths, not "car"',
        SHAPE,
    ),
    "a category that is one path": (
        [label("point", category=["object"])],
        "[0].category[0]",
        'must be a path, not "object"',
        SHAPE,
    ),
    "a category without the root": (
        [label("point", category=[["car"]])],
        "[0].category[0]",
        'must be a path, not ["car"]',
        SHAPE,
    ),
    "a misspelt category": (
        [label("point", category=[["object", "caar"]])],
        "[0].category[0]",
        '"caar" is not in the taxonomy',
        'did you mean "car"?',
    ),
    "another category": (
        [label("point", category=[["object", "tree"]])],
        "[0].category[0]",
        '"tree" is not in the taxonomy',
        "known: bus, car",
    ),
    "the same id": (
        [label("point", labelid="7"), label("point", labelid="7")],
        "[1].labelid",
        '"7" is the id of label 0 too',
        "leave it out, or make it unique",
    ),
    "an empty id": ([label("point", labelid="")], "[0].labelid", "must not be empty", ""),
    "an id that is a number": (
        [label("point", labelid=7)],
        "[0].labelid",
        "must be a string, not a number",
        "",
    ),
    "a flag that is a text": (
        [label("taskclassify", taskclassify="yes")],
        "[0].taskclassify",
        "must be true or false, not a string",
        "",
    ),
    "a frame below 0": (
        [label("point", **{**FRAME, "frameindex": -1})],
        "[0].frameindex",
        "must be a whole number of at least 0, not -1",
        "",
    ),
    "a frame that is a float": (
        [label("point", **{**FRAME, "frameindex": 1.5})],
        "[0].frameindex",
        "must be a whole number of at least 0, not 1.5",
        "",
    ),
    "an attribute without a value": (
        [label("point", attributes=[{"name": "a"}])],
        "[0].attributes[0].value",
        "is missing",
        "",
    ),
    "an attribute of an odd value": (
        [label("point", attributes=[{"name": "a", "value": {}}])],
        "[0].attributes[0].value",
        "must be a string, a number, true or false, or a list of those, not an object",
        "",
    ),
    "an instance of 0": (
        [label("dicom", dicom={"instanceid": 0})],
        "[0].dicom.instanceid",
        "must be a whole number from 1 to 65535, not 0",
        "",
    ),
    "an endless point": (
        [label("point3d", point3d={"pointx": INFINITY, "pointy": 0, "pointz": 0})],
        "[0].point3d.pointx",
        "must be a finite number, not inf",
        "",
    ),
    "half a cuboid": (
        [label("cuboid", cuboid={"point1": {}})],
        "[0].cuboid.point2",
        "is missing",
        "",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_word_for_word(mistake: str) -> None:
    labels, place, message, hint = MISTAKES[mistake]
    found = one(labels, categories=["bus", "car"])
    assert (found.place, found.message, found.hint) == (place, message, hint)


def test_all_problems_are_found_in_one_pass_in_their_order() -> None:
    labels = [bbox(xnorm=2, ynorm="a"), label("point"), 5, label("bbox2d", colour="red")]
    paths = [problem.path for problem in check_labels(labels)]
    assert paths == [(0, "bbox2d", "xnorm"), (0, "bbox2d", "ynorm"), (2,), (3, "colour")]


FITS = {
    "IMAGE_ITEMS": "",
    "IMAGE_CLASSIFY": "taskclassify tasklevelclassify",
    "IMAGE_BBOX": "bbox2d",
    "IMAGE_POINT": "point",
    "IMAGE_POLYLINE": "polyline",
    "IMAGE_POLYGON": "polygon",
    "IMAGE_ELLIPSE": "ellipse",
    "IMAGE_SEGMENTATION": "pixel dicom",
    "IMAGE_MULTI": "bbox2d polygon polyline point ellipse pixel dicom taskclassify",
    "VIDEO_ITEMS": "",
    "VIDEO_CLASSIFY": "taskclassify frameclassify",
    "VIDEO_BBOX": "bbox2d",
    "VIDEO_POINT": "point",
    "VIDEO_POLYLINE": "polyline",
    "VIDEO_POLYGON": "polygon",
    "VIDEO_ELLIPSE": "ellipse",
    "VIDEO_MULTI": "bbox2d polygon polyline point ellipse pixel taskclassify frameclassify",
    "DOCUMENT_BBOX": "bbox2d",
    "DICOM_SEGMENTATION": "dicom cuboid point3d length3d angle3d bbox2d studyclassify",
}
STUDY = {one for one in SHAPES if one.endswith("classify")} - {"taskclassify", "frameclassify"}
PLAIN = {*SHAPES} - {"point3d", "cuboid", "length3d", "angle3d"} - STUDY


def test_the_table_of_types_is_that_of_the_service() -> None:
    assert PROJECT_TYPES.keys() == FITS.keys()


@pytest.mark.parametrize("name", FITS)
def test_a_type_takes_the_kinds_of_its_name(name: str) -> None:
    frame = FRAME if name.startswith("VIDEO") else {}
    for kind in FITS[name].split():
        assert check_labels([label(kind, **frame)], project_type=name) == []


@pytest.mark.parametrize("name", sorted(FITS.keys() - {"DICOM_SEGMENTATION"}))
def test_a_type_refuses_the_other_kinds(name: str) -> None:
    frame = FRAME if name.startswith("VIDEO") else {}
    for kind in PLAIN - {*FITS[name].split()}:
        found = one([label(kind, **frame)], project_type=name)
        assert found.path == (0, kind)
        assert found.message == f"does not belong in a project of type {name}"


def test_a_refused_kind_names_what_fits() -> None:
    assert one([label("point")], project_type="IMAGE_BBOX").hint == "it takes bbox2d"
    assert one([label("point")], project_type="IMAGE_ITEMS").hint.startswith("this type holds no")


def test_a_type_that_does_not_exist_is_an_error_of_the_caller() -> None:
    with pytest.raises(ValueError, match='not a project type; did you mean "IMAGE_BBOX"'):
        check_labels([], project_type="IMAGE_BOX")


@pytest.mark.parametrize("key", ["frameindex", "trackid", "keyframe"])
def test_a_geometry_in_a_video_says_in_which_frame_it_is(key: str) -> None:
    frame = {name: value for name, value in FRAME.items() if name != key}
    found = one([label("bbox2d", **frame)], project_type="VIDEO_BBOX")
    assert (found.path, found.message) == ((0, key), "is missing")
    assert found.hint == "labels of a video need it"


def test_classifying_a_video_needs_no_track() -> None:
    whole, frame = label("taskclassify"), label("frameclassify", frameindex=3)
    assert check_labels([whole, frame], project_type="VIDEO_CLASSIFY") == []
    lost = one([label("frameclassify")], project_type="VIDEO_CLASSIFY")
    assert lost.path == (0, "frameindex")


@pytest.mark.parametrize("key", FRAME)
def test_a_label_of_an_image_is_in_no_frame(key: str) -> None:
    found = one([label("bbox2d", **{key: FRAME[key]})], project_type="IMAGE_BBOX")
    assert (found.path, found.code) == ((0, key), "not-a-video")
    assert found.hint == "only labels of a video have it"


def test_classifications_of_a_study_need_no_category() -> None:
    made = {"studyclassify": True, "attributes": [{"name": "seen", "value": True}]}
    assert check_labels([made], project_type="DICOM_SEGMENTATION", categories=["liver"]) == []


DECLARED = [
    Attribute("seen", "Bool"),
    Attribute("note", "TEXT"),
    Attribute("count", "NUMBER"),
    Attribute("side", "SELECT", ("left", "right")),
    Attribute("tags", "MULTISELECT", ("wet", "dark")),
    Attribute("any"),
]


@pytest.mark.parametrize(
    ("name", "value"),
    [("seen", False), ("note", ""), ("count", 2.5), ("side", "left"), ("tags", ["wet"]),
     ("any", [1, "a", True])],
)  # fmt: skip
def test_attributes_of_the_taxonomy_take_values_of_their_type(name: str, value: object) -> None:
    labels = [label("point", attributes=[{"name": name, "value": value}])]
    assert check_labels(labels, attributes=DECLARED) == []


@pytest.mark.parametrize(
    ("name", "value", "place", "message", "hint"),
    [
        ("sen", True, ".name", '"sen" is not an attribute of the taxonomy', 'did you mean "seen"?'),
        ("seen", "yes", ".value", "must be true or false, not a string", ""),
        ("note", 5, ".value", "must be a string, not a number", ""),
        ("count", True, ".value", "must be a number, not a boolean", ""),
        ("side", "lefft", ".value", '"lefft" is not an option of side', 'did you mean "left"?'),
        ("side", 1, ".value", "must be a string, not a number", ""),
        ("tags", "wet", ".value", "must be a list of options, not a string", ""),
        ("tags", ["x"], ".value[0]", '"x" is not an option of tags', "known: dark, wet"),
    ],
)
def test_attributes_against_the_taxonomy_are_told(
    name: str, value: object, place: str, message: str, hint: str
) -> None:
    labels = [label("point", attributes=[{"name": name, "value": value}])]
    found = one(labels, attributes=DECLARED)
    assert (found.place, found.message, found.hint) == ("[0].attributes[0]" + place, message, hint)


def test_a_hundred_thousand_boxes_are_checked_in_about_a_second() -> None:
    if sys.gettrace():
        # A trace function is called at every line: the time would be its own.
        pytest.skip("whoever measures coverage counts too")
    labels = [label("bbox2d", labelid=str(at), attributes=[]) for at in range(100_000)]
    start = time.process_time()
    assert check_labels(labels, project_type="IMAGE_BBOX", categories=["car"]) == []
    assert time.process_time() - start < 3


def test_half_a_character_is_shown_as_it_is_written() -> None:
    assert shown(["a", "\ud800"]) == '["a", "\\ud800"]'
