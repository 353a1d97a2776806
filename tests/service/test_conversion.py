"""Tasks as people write them, brought into the flat form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rbsync.labels.check import check_labels
from rbsync.labels.taxonomy import Taxonomy
from rbsync.service.conversion.import_problem import NotConvertibleError
from rbsync.service.conversion.task import flat_task
from tests.service.serving import PUBLIC, Client, serving, taxonomy

ORGANS = taxonomy("liver", "tumor")
IDENTITY = [[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 1.0]]


def flat(*series: dict[str, Any], **task: Any) -> dict[str, Any]:
    return flat_task({"name": "t", "series": list(series), **task}, 0, ORGANS)


def ask(client: Client, tasks: Any, convert: bool = True) -> dict[str, Any]:
    text = tasks if isinstance(tasks, str) else json.dumps(tasks)
    given = {"original": text, "convert": convert, "storageId": PUBLIC}
    return dict(client.ask("validateAndConvertToImportFormat", **given))


def test_a_task_with_a_series_becomes_flat(client: Client) -> None:
    """The task and the answer are those of a recorded upload."""
    task = {
        "name": "case-1",
        "series": [{"items": "https://example.org/a.png", "metaData": {"m": "1"}}],
        "metaData": {"k": "v"},
        "priority": 0.5,
        "preAssign": {"Label": "a@example.org"},
    }
    answer = ask(client, [task])
    assert (answer["isValid"], answer["error"]) == (True, None)
    assert json.loads(answer["converted"]) == [
        {
            "name": "case-1",
            "metaData": {"k": "v"},
            "priority": 0.5,
            "preAssign": {"Label": "a@example.org"},
            "items": ["https://example.org/a.png"],
            "seriesInfo": [{"itemsIndices": [0], "metaData": {"m": "1"}}],
        }
    ]


def test_flat_tasks_stay_as_they_are(client: Client) -> None:
    task = {"name": "vid", "items": ["clip.mp4"]}
    assert ask(client, [task]) == {"isValid": True, "error": None, "converted": None}
    both = ask(client, [task, {"name": "b", "series": [{"items": ["a.png"]}]}])
    assert json.loads(both["converted"])[0] == task
    assert ask(client, [task], convert=False)["converted"] is None


def test_the_series_of_a_task_share_its_items() -> None:
    found = flat({"items": ["a", "b"]}, {"items": "c", "name": "S", "numFrames": 3})
    assert found["items"] == ["a", "b", "c"]
    assert found["seriesInfo"] == [
        {"itemsIndices": [0, 1]},
        {"name": "S", "numFrames": 3, "itemsIndices": [2]},
    ]
    assert "labels" not in found
    assert "labelsMap" not in found


def test_a_segmentation_becomes_labels_and_a_label_map() -> None:
    """As recorded, but for the second series."""
    found = flat(
        {"items": "one.png", "segmentations": "seg.nii.gz", "segmentMap": {"1": "liver"}},
        {"items": "two.png", "segmentations": ["b.nii.gz"], "segmentMap": {"2": 1}},
    )
    assert found["labels"] == [
        {
            "category": [["object", "liver"]],
            "attributes": [],
            "volumeindex": 0,
            "dicom": {"instanceid": 1},
        },
        {
            "category": [["object", "tumor"]],
            "attributes": [],
            "volumeindex": 1,
            "dicom": {"instanceid": 2},
        },
    ]
    assert found["labelsMap"] == [
        {"labelName": "seg.nii.gz", "seriesIndex": 0},
        {"labelName": "b.nii.gz", "seriesIndex": 1},
    ]


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("liver", ["liver"]),
        (0, ["liver"]),
        (["organs", "liver"], ["organs", "liver"]),
        (["object", "liver"], ["liver"]),
        ({"category": "liver"}, ["liver"]),
    ],
)
def test_a_category_is_a_name_an_id_or_a_path(value: object, path: list[str]) -> None:
    (label,) = flat({"items": "a", "segmentMap": {"1": value}})["labels"]
    assert label["category"] == [["object", *path]]


def test_an_instance_may_have_a_file_attributes_and_groups() -> None:
    instance = {
        "category": "liver",
        "attributes": {"sure": True},
        "mask": "one.nii.gz",
        "overlappingGroups": [7],
        "id": "L1",
        "readOnly": True,
    }
    found = flat({"items": "a", "binaryMask": True, "segmentMap": {"1": instance}})
    (label,) = found["labels"]
    assert label["attributes"] == [{"name": "sure", "value": True}]
    assert label["dicom"] == {"instanceid": 1, "groupids": [7]}
    assert (label["labelid"], label["readonly"]) == ("L1", True)
    assert found["seriesInfo"][0]["masks"] == {"1": "one.nii.gz"}
    assert found["seriesInfo"][0]["binaryMask"] is True


POINT = {"xNorm": 0.1, "yNorm": 0.2}
WIRE_POINT = {"xnorm": 0.1, "ynorm": 0.2}
VIDEO = {"trackId": "t", "keyFrame": True, "endTrack": False, "frameIndex": 3}
SHAPES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "landmarks": ({"point": POINT}, {"point": WIRE_POINT}),
    "polylines": ({"points": [POINT, POINT]}, {"polyline": [WIRE_POINT] * 2}),
    "polygons": ({"points": [POINT] * 3}, {"polygon": [WIRE_POINT] * 3}),
    "boundingBoxes": (
        {"pointTopLeft": POINT, "wNorm": 0.3, "hNorm": 0.4, "video": VIDEO},
        {
            "bbox2d": {**WIRE_POINT, "wnorm": 0.3, "hnorm": 0.4},
            "trackid": "t",
            "keyframe": True,
            "end": False,
            "frameindex": 3,
        },
    ),
    "ellipses": (
        {"pointCenter": POINT, "xRadiusNorm": 0.3, "yRadiusNorm": 0.4, "rotationRad": 0.5},
        {
            "ellipse": {
                "xcenternorm": 0.1,
                "ycenternorm": 0.2,
                "xnorm": 0.3,
                "ynorm": 0.4,
                "rot": 0.5,
            }
        },
    ),
    "landmarks3d": (
        {"point": {"i": 1, "j": 2, "k": 3}, "absolutePoint": {"x": 1.5, "y": 2.5, "z": 3.5}},
        {
            "point3d": {
                "pointx": 1,
                "pointy": 2,
                "pointz": 3,
                "computedpointworld": [1.5, 2.5, 3.5],
            }
        },
    ),
    "classifications": ({}, {"seriesclassify": True}),
}


@pytest.mark.parametrize("key", SHAPES)
def test_annotations_become_labels_that_the_project_accepts(key: str) -> None:
    given, geometry = SHAPES[key]
    one = {**given, "category": "liver", "attributes": {"a": True}, "id": "L"}
    labels = flat({"items": "a"}, {"items": "b", key: [one]})["labels"]
    assert labels == [
        {
            "category": [["object", "liver"]],
            "attributes": [{"name": "a", "value": True}],
            "labelid": "L",
            "volumeindex": 1,
            **geometry,
        }
    ]
    assert check_labels(labels, project_type="", categories=ORGANS.names, attributes=()) == []


def test_classifications_of_instances_and_of_the_task() -> None:
    instance = {"fileIndex": 2, "fileName": "", "values": {"a": "x"}}
    series = {"items": "a", "instanceClassifications": [instance]}
    found = flat(series, classification={"attributes": {"b": "y"}})
    assert found["labels"] == [
        {
            "attributes": [{"name": "a", "value": "x"}],
            "instanceclassify": True,
            "frameindex": 2,
            "volumeindex": 0,
        },
        {"studyclassify": True, "attributes": [{"name": "b", "value": "y"}]},
    ]
    assert "classification" not in found


def test_heat_maps_transforms_and_centerlines_know_their_series() -> None:
    found = flat(
        {"items": "a"},
        {
            "items": "b",
            "heatMaps": [{"name": "h", "item": "h.nii"}],
            "transforms": IDENTITY,
            "centerline": {"name": "c", "centerline": {}},
        },
    )
    assert found["heatMaps"] == [{"name": "h", "item": "h.nii", "seriesIndex": 1}]
    assert found["transforms"] == [
        {"transform": [one for row in IDENTITY for one in row], "seriesIndex": 1}
    ]
    assert found["centerline"] == [{"name": "c", "centerline": {}, "seriesIndex": 1}]


@pytest.mark.parametrize(
    ("tasks", "error"),
    [
        ("[", "the tasks are not JSON"),
        ({}, "the tasks are not a list"),
        ([3], "task 0: must be an object"),
        ([{"name": ""}], "task 0: its name must be a string that is not empty"),
        ([{"name": "a"}], "task 0.items: must be a string or a list of strings"),
        ([{"name": "a", "items": "x"}, {"items": [3]}], "task 1.items: must be a string"),
        ([{"series": []}], "task 0.series: has no items"),
        ([{"series": [{}]}], "task 0.series[0].items: must be a string"),
        ([{"series": ["x"]}], "task 0.series: must be a list of objects"),
        ([{"series": [{"items": "a", "cuboids": [{}]}]}], "series[0].cuboids: is not converted"),
        ([{"series": [{"items": "a", "segmentMap": {"0": "x"}}]}], '"0" is not a voxel value'),
        ([{"series": [{"items": "a", "segmentMap": {"1": 99}}]}], "has no class 99"),
        ([{"series": [{"items": "a", "segmentMap": {"1": {}}}]}], "needs a category"),
        ([{"series": [{"items": "a", "landmarks": [{}]}]}], "landmarks[0]: lacks 'point'"),
        ([{"series": [{"items": "a", "transforms": [1]}]}], "matrix of 4 by 4 numbers"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(folder: Path, tasks: object, error: str) -> None:
    with serving(folder) as client:
        answer = ask(client, tasks)
    assert answer["isValid"] is False
    assert answer["converted"] is None
    assert error in answer["error"]


def test_an_empty_member_is_no_annotation() -> None:
    assert "labels" not in flat({"items": "a", "cuboids": [], "landmarks": None})
    with pytest.raises(NotConvertibleError):
        flat_task({"series": [{"items": "a", "measurements": [{}]}]}, 0, Taxonomy())
