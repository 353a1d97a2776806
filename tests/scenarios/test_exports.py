"""Exports of masks and labels: what is written over, what is left out, and what is lost is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.pictures import photo
from tests.scenarios.project import BOX, Project

SQUARE = [[0, 0], [2, 0], [2, 2], [0, 2]]


def outline(category: str, ring: list[list[int]] = SQUARE, **more: Any) -> dict[str, Any]:
    return {
        "category": [["object", category]],
        "attributes": [],
        "pixel": {"imagesize": [4, 3], "regions": [ring], "holes": []},
        **more,
    }


@pytest.fixture
def make(tmp_path: Path) -> Any:
    """Makes a project of datapoints with these labels."""

    def project(
        labels: dict[str, list[dict[str, Any]]], item: str = "a.png", more: str = ""
    ) -> Project:
        made = Project(tmp_path / "data")
        made.write("a.png", photo(1))
        entries = [{"name": name, "items": [item], "labels": own} for name, own in labels.items()]
        made.write("items.json", entries)
        made.manifest(
            f"project: {{type: IMAGE_MULTI}}\ndatapoints:\n  - items_list: items.json\n{more}"
        )
        assert made.apply().code == 0
        return made

    return project


@pytest.mark.parametrize("what", ["masks", "labels"])
@pytest.mark.parametrize("flags", [(), ("--force",)])
def test_a_name_that_is_empty_is_no_folder(make: Any, what: str, flags: tuple[str, ...]) -> None:
    project = make({"x": [outline("car")]})
    project.write("class_map.json", "mine")
    before = sorted(path.name for path in project.folder.iterdir())
    ran = project.run("export", what, "", *flags)
    assert (ran.code, ran.out) == (64, "")
    assert ran.err.splitlines() == [
        "error: the name of what is to be written is empty",
        "hint: a variable may be unset; this folder is `.`",
    ]
    assert sorted(path.name for path in project.folder.iterdir()) == before
    assert (project.folder / "class_map.json").read_text() == "mine"


def files(folder: Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())


def test_masks_of_which_one_is_in_the_way_of_another(make: Any) -> None:
    names = ("x", "x.png/y", "class_map.json/z", "..", "fine")
    project = make({name: [outline("car")] for name in names})
    ran = project.run("export", "masks", "out")
    assert ran.code == 3
    assert ran.err.splitlines() == [
        "left out: ..: its name cannot be the name of a file",
        "left out: class_map.json/z: its file `class_map.json/z.png` and `class_map.json` of the "
        "export cannot be in one folder; export it alone, with --target",
        "left out: x.png/y: its file `x.png/y.png` and `x.png` of `x` cannot be in one folder; "
        "export it alone, with --target",
        "2 masks written to out.",
    ]
    assert files(project.folder / "out") == [
        "class_map.json",
        "datapoint_map.json",
        "fine.png",
        "x.png",
    ]
    assert project.run("export", "masks", "other", "--target", "x.png/y").code == 0
    assert "x.png/y.png" in files(project.folder / "other")
    assert json.loads((project.folder / "out/datapoint_map.json").read_text()) == {
        "fine.png": "a.png",
        "x.png": "a.png",
    }


def test_label_files_of_which_one_is_in_the_way_of_another(make: Any) -> None:
    project = make({name: [outline("car")] for name in ("x", "x.json/y")})
    ran = project.run("export", "labels", "out", "--json")
    assert (ran.code, files(project.folder / "out")) == (3, ["x.json"])
    assert ran.json == {
        "format_version": ran.json["format_version"],
        "path": "out",
        "written": 1,
        "left_out": [
            "x.json/y: its file `x.json/y.json` and `x.json` of `x` cannot be in one folder; "
            "export it alone, with --target"
        ],
    }


def test_labels_that_cannot_be_drawn_are_left_out_and_the_others_are_there(make: Any) -> None:
    other = outline("bus")
    other["pixel"]["imagesize"] = [5, 3]
    labels = {"x": [outline("car"), other], "y": [outline("car")], "z": [BOX]}
    # A picture that is here would be held against the sizes, and the labels refused.
    project = make(labels, "https://example.org/a.png", "    storage: public\n")
    ran = project.run("export", "masks", "out")
    assert ran.code == 3
    assert ran.err.splitlines() == [
        "left out: x: labels of one picture have different sizes: 4 x 3, 5 x 3",
        "left out: z: none of its labels is a segmentation",
        "1 mask written to out.",
    ]


def test_what_is_no_segmentation_is_no_failure(make: Any) -> None:
    project = make({"y": [outline("car")], "z": [BOX]})
    ran = project.run("export", "masks", "out")
    assert (ran.code, ran.err.splitlines()[0]) == (
        0,
        "left out: z: none of its labels is a segmentation",
    )


def test_what_masks_cannot_hold_is_told(make: Any) -> None:
    cars = [outline("car", [[x, 0], [x + 1, 0], [x + 1, 1], [x, 1]]) for x in range(3)]
    bus = outline("bus", [[0, 2], [1, 2], [1, 3], [0, 3]])
    bus["attributes"] = [{"name": "colour", "value": "red"}]
    project = make({"x": [*cars, bus, BOX, BOX], "y": [outline("car")]})
    ran = project.run("export", "masks", "out")
    assert ran.code == 0
    assert ran.err.splitlines() == [
        "not all of x is in its files: 3 labels of `car` are one class; left out: 2 bbox2d; "
        "left out: the attributes of 1 label",
        "hint: a mask holds one class a pixel; `rbsync export labels` writes all",
        "2 masks written to out.",
    ]
    assert project.run("export", "masks", "out", "--force", "--json").json["lost"] == [
        {
            "name": "x",
            "merged": {"car": 3},
            "left_out": {"bbox2d": 2},
            "attributes": 1,
            "hidden": {},
            "unseen": [],
        }
    ]
