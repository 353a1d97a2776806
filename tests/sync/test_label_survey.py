"""Label files of single images are told by their names, their tool and the images' folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rbsync.sync.label_survey import LabelFiles, label_files
from rbsync.sync.survey import folders_of

OBJECTS = '[{"category": [["object", "car"]]}]'
LABELME = json.dumps({"version": "5", "imagePath": "a.png", "imageData": None, "shapes": []})
VOC = "<annotation><filename>a.png</filename><object/></annotation>"
YOLO = "0 0.5 0.5 0.1 0.1\n"


def found_in(root: Path, **texts: str) -> list[LabelFiles]:
    """The label files among files: ``labels__a_txt`` is ``labels/a.txt``."""
    for name, text in texts.items():
        path = root / ".".join(name.replace("__", "/").rsplit("_", 1))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    folders = folders_of(str(root))
    homes = [one for one in folders if one.names.get("png")]
    return list(label_files(str(root), folders, homes))


@pytest.mark.parametrize(
    ("suffix", "text", "tool"),
    [
        ("json", OBJECTS, ""),
        ("json", LABELME, "labelme"),
        ("xml", VOC, "Pascal VOC"),
        ("txt", YOLO, "YOLO"),
    ],
)
def test_the_tool_is_known_by_the_first_file_that_has_something(
    tmp_path: Path, suffix: str, text: str, tool: str
) -> None:
    images = {"images__a_png": "", "images__b_png": ""}
    labels = {f"labels__a_{suffix}": "\n", f"labels__b_{suffix}": text}
    (one,) = found_in(tmp_path, **images, **labels)
    assert (one.tool, one.suffix, one.number) == (tool, suffix, 2)
    assert (one.folder.path, one.home.path, one.is_beside) == ("labels", "images", False)
    assert one.title == f"2 label files of {tool or 'LabelObjects'} in labels/"


@pytest.mark.parametrize("text", ["", "{}", "[1]", "no JSON", '[{"name": "a"}]'])
def test_what_says_nothing_of_labels_is_none(tmp_path: Path, text: str) -> None:
    assert not found_in(tmp_path, a_png="", a_json=text)


def test_files_without_an_image_of_their_name_are_none(tmp_path: Path) -> None:
    assert not found_in(tmp_path, images__a_png="", labels__b_json=OBJECTS)


def test_labels_are_of_the_nearest_folder_that_has_as_many_of_the_images(tmp_path: Path) -> None:
    images = {"one__a_png": "", "two__a_png": ""}
    found = found_in(tmp_path, **images, one__a_json=OBJECTS, two__a_json=OBJECTS)
    assert [(one.folder.path, one.home.path) for one in found] == [("one", "one"), ("two", "two")]
    assert found[0].is_like(found[1])


@pytest.mark.parametrize(
    ("name", "text", "classes"),
    [
        ("labels__classes_txt", "car\nbus\n", "labels/classes.txt"),
        ("obj_names", "car\n", "obj.names"),
        ("data_yaml", "names: [car, 7]\n", ["car", "7"]),
        ("data_yaml", "names: {1: bus, 0: car}\n", ["car", "bus"]),
        ("data_yaml", "names: {1: bus}\n", []),
        ("data_yaml", "kpt_shape: [17, 3]\nnames: [person]\n", ["person"]),
        ("data_yaml", "names: [car\n", []),
        ("data_yaml", "names: &a [*a]\n", []),
        ("other_txt", "car\n", []),
    ],
)
def test_names_of_classes_stand_beside_the_labels_or_above(
    tmp_path: Path, name: str, text: str, classes: list[str] | str
) -> None:
    (one,) = found_in(tmp_path, images__a_png="", labels__a_txt=YOLO, **{name: text})
    assert one.classes == classes
    assert bool(one.why_unread) == (not classes)


POSE = "0 .5 .5 .4 .4 .5 .5 2 .4 .4 1\n"


@pytest.mark.parametrize(
    ("labels", "described", "line"),
    [
        (POSE, "names: [a]\n", ", keypoints: [2, 3]}"),
        (YOLO, "kpt_shape: [17, 3]\nnames: [a]\n", ", keypoints: [17, 3]}"),
        (POSE, "kpt_shape: [3, 2]\nnames: [a]\n", ", keypoints: [3, 2]}"),
        (YOLO, "kpt_shape: many\nnames: [a]\n", 'classes: ["a"]}'),
    ],
)
def test_poses_are_declared_with_their_points(
    tmp_path: Path, labels: str, described: str, line: str
) -> None:
    (one,) = found_in(tmp_path, images__a_png="", labels__a_txt=labels, data_yaml=described)
    assert one.line("labels/{stem}").endswith(line)


def test_the_line_of_a_source_names_the_files_by_a_template(tmp_path: Path) -> None:
    (one,) = found_in(tmp_path, images__a_png="", labels__a_txt=YOLO, labels__classes_txt="car\n")
    assert one.line("labels/{stem}") == (
        '    labels: {format: yolo, file: "labels/{stem}.txt?", classes: "labels/classes.txt"}'
    )
