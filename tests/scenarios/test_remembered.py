"""A plan with nothing to do is remembered; whatever it depends on, a change of it is seen."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tests.masks.pictures import painted
from tests.masks.pictures import png as mask_png
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_masks import CLASSES, ONE, photo

NO_CHANGES = "No changes. The project matches the manifest."
SETTLED = 3.2
"""Seconds after which a file is not read again as a matter of course."""

BOXES = "project: {type: IMAGE_BBOX, taxonomy: [car, bus]}\n"
MASKS = "project: {type: IMAGE_SEGMENTATION, taxonomy: [car, bus]}\n"
MOVED = {**BOX, "bbox2d": {"xnorm": 0.5, "ynorm": 0.2, "wnorm": 0.3, "hnorm": 0.4}}
SWAPPED = {"car": [0, 255, 0], "bus": [255, 0, 0]}
COCO: dict[str, Any] = {
    "images": [{"id": 5, "file_name": "x.png", "width": 4, "height": 3}],
    "categories": [{"id": 8, "name": "car"}, {"id": 9, "name": "bus"}],
    "annotations": [
        {"id": 1, "image_id": 5, "category_id": 8, "segmentation": [[0, 0, 2, 0, 2, 2, 0, 2]]}
    ],
}


class Case(NamedTuple):
    """A manifest, what is changed beside it, and what the next plan says."""

    manifest: str
    change: Callable[[Project], object]
    expected: list[str]


def write(path: str, content: Any) -> Callable[[Project], object]:
    return lambda project: project.write(path, content)


def remove(path: str) -> Callable[[Project], object]:
    return lambda project: (project.folder / path).unlink()


def relink(project: Project) -> None:
    """Leads a link elsewhere, by way of the folder that it goes through."""
    (project.folder / "way").unlink()
    (project.folder / "way").symlink_to("there")


GLOB = MASKS + (
    "masks:\n  - {glob: masks/*.png, image: 'images/{stem}.png', class_map: class_map.json}\n"
)
CASES = {
    "an image": Case(
        BOXES + "datapoints: [{glob: images/*.png}]\n",
        write("images/x.png", photo(77)),
        ["update images/x.png items"],
    ),
    "a new image": Case(
        BOXES + "datapoints: [{glob: images/**/*.png}]\n",
        write("images/more/new.png", photo(78)),
        ["create images/more/new.png"],
    ),
    "an image that is ignored": Case(
        BOXES + "policy: {prune: true, max_delete: 1}\ndatapoints: [{glob: images/*.png}]\n",
        write("images/.rbsyncignore", "y.png\n"),
        ["delete images/y.png"],
    ),
    "an image behind links": Case(
        BOXES + "datapoints: [{name: linked, items: [linked.png]}]\n",
        relink,
        ["update linked items"],
    ),
    "labels": Case(
        BOXES + "datapoints: [{glob: images/x.png, labels: 'labels/{stem}.json'}]\n",
        write("labels/x.json", [MOVED]),
        ["update images/x.png labels"],
    ),
    "labels that were not there": Case(
        BOXES + "datapoints: [{glob: images/y.png, labels: 'labels/{stem}.json?'}]\n",
        write("labels/y.json", [BOX]),
        ["update images/y.png labels"],
    ),
    "labels in a folder that was not there": Case(
        BOXES + "datapoints: [{glob: images/y.png, labels: 'later/{stem}.json?'}]\n",
        write("later/y.json", [BOX]),
        ["update images/y.png labels"],
    ),
    "labels that go": Case(
        BOXES + "datapoints: [{glob: images/x.png, labels: 'labels/{stem}.json?'}]\n",
        remove("labels/x.json"),
        ["update images/x.png labels"],
    ),
    "an items list": Case(
        BOXES + "datapoints: [{items_list: lists/items.json}]\n",
        write("lists/items.json", [{"name": "one", "items": ["../images/y.png"]}]),
        ["update one items"],
    ),
    "a mask": Case(
        GLOB,
        write("masks/x.png", mask_png(painted(ONE[::-1].copy(), CLASSES))),
        ["update x labels"],
    ),
    "a class map": Case(GLOB, write("class_map.json", SWAPPED), ["update x labels"]),
    "a class map of a folder": Case(
        MASKS + "masks: [{folder: exported, images: images/}]\n",
        write("exported/class_map.json", SWAPPED),
        ["update x labels"],
    ),
    "a datapoint map": Case(
        MASKS + "masks: [{folder: exported, images: images/}]\n",
        write("exported/datapoint_map.json", {"x": "elsewhere/y.png"}),
        ["update x items"],
    ),
    "COCO annotations": Case(
        MASKS + "masks: [{coco: coco.json, images: images}]\n",
        write("coco.json", {**COCO, "annotations": [{**COCO["annotations"][0], "category_id": 9}]}),
        ["update x.png labels"],
    ),
}


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Project]:
    """A project for each case, applied, and left alone until all is known for good."""
    projects = {}
    for name, case in CASES.items():
        project = projects[name] = Project(tmp_path_factory.mktemp("remembered"))
        fill(project)
        project.manifest(case.manifest)
        assert project.apply().code == 0
    time.sleep(SETTLED)
    return projects


def fill(project: Project) -> None:
    """All that any of the manifests names."""
    for number, name in enumerate(("images/x.png", "images/y.png", "here/z.png", "there/z.png")):
        project.write(name, photo(number))
    (project.folder / "way").symlink_to("here")
    (project.folder / "linked.png").symlink_to("way/z.png")
    project.write("labels/x.json", [BOX])
    project.write("lists/items.json", [{"name": "one", "items": ["../images/x.png"]}])
    project.write("coco.json", COCO)
    for folder in ("masks", "exported"):
        project.write(f"{folder}/x.png", mask_png(painted(ONE, CLASSES)))
    for path in ("class_map.json", "exported/class_map.json"):
        project.write(path, {name: list(colour) for name, colour in CLASSES.items()})
    project.write("exported/datapoint_map.json", {"x": "elsewhere/x.png"})


@pytest.mark.parametrize("name", CASES)
def test_a_change_is_seen_after_a_plan_with_nothing_to_do(
    name: str, planned: dict[str, Project]
) -> None:
    project = planned[name]
    assert project.run("plan").last_line == NO_CHANGES
    assert project.run("plan").last_line == NO_CHANGES
    CASES[name].change(project)
    assert project.actions() == CASES[name].expected
