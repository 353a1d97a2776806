"""Labels that show nothing: told with their place, and refused where that is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project

HEAD = "project: {type: IMAGE_MULTI, taxonomy: [car]}\ndatapoints:\n"
STRICT = "files: {check: strict}\n"
GLOB = HEAD + '  - {glob: "images/*.png", labels: "labels/{stem}.json"}\n'


def label(**geometry: Any) -> dict[str, Any]:
    return {"category": [["object", "car"]], "attributes": [], **geometry}


def polygon(*points: tuple[float, float]) -> dict[str, Any]:
    return label(polygon=[{"xnorm": x, "ynorm": y} for x, y in points])


def box(width: float, height: float) -> dict[str, Any]:
    return label(bbox2d={"xnorm": 0.1, "ynorm": 0.1, "wnorm": width, "hnorm": height})


EIGHT = polygon((0.1, 0.1), (0.9, 0.9), (0.9, 0.1), (0.1, 0.9))
ROUND = {"xcenternorm": 0.5, "ycenternorm": 0.5, "xnorm": 0, "ynorm": 0.1, "rot": 0}
SQUARE = [[0, 0], [2, 0], [2, 2], [0, 2]]
RING = [[0, 0], [2, 0], [1, 0]]
FLAT = {
    "a box without width": (box(0, 0.2), "bbox2d.wnorm: its width is 0"),
    "a box without height": (box(0.2, 0), "bbox2d.hnorm: its height is 0"),
    "an ellipse": (label(ellipse=ROUND), "ellipse.xnorm: its width is 0"),
    "a line": (polygon((0.1, 0.1), (0.5, 0.5), (0.9, 0.9)), "polygon: the polygon has no area"),
    "a point": (polygon(*[(0.3, 0.3)] * 4), "polygon: the polygon has no area"),
    "an eight": (EIGHT, "the polygon crosses itself: (0.1, 0.1) to (0.9, 0.9) and (0.9, 0.1) to"),
    "an eight behind many corners": (
        polygon(
            *((at / 999, 0.95) for at in range(900)), (0.9, 0.1), (0.1, 0.5), (0.1, 0.1), (0.8, 0.5)
        ),
        "the polygon crosses itself",
    ),
    "a loop": (
        polygon((0.1, 0.1), (0.9, 0.1), (0.9, 0.5), (0.5, 0.05), (0.1, 0.5)),
        "the polygon crosses itself",
    ),
    "a ring that its hole fills": (
        label(pixel={"imagesize": [2, 2], "regions": [SQUARE], "holes": [SQUARE]}),
        "pixel.holes: its holes are as large as its regions, so that it covers no pixel",
    ),
    "two rings that holes fill": (
        label(pixel={"imagesize": [2, 2], "regions": [SQUARE, SQUARE], "holes": [SQUARE, SQUARE]}),
        "covers no pixel",
    ),
    "a ring": (
        label(pixel={"imagesize": [2, 2], "regions": [RING], "holes": []}),
        "pixel.regions[0]: the ring has no area",
    ),
}
FINE = {
    "a box": BOX,
    "a closed polygon": polygon((0.1, 0.1), (0.9, 0.1), (0.5, 0.9), (0.1, 0.1)),
    "a point twice": polygon((0.1, 0.1), (0.9, 0.1), (0.9, 0.1), (0.5, 0.9)),
    "a tip that touches": polygon((0, 0), (1, 0), (1, 1), (0.5, 0), (0, 1)),
    "a notch": polygon((0, 0), (1, 0), (1, 1), (0.5, 0.2), (0, 1)),
}


@pytest.fixture
def labelled(project: Project) -> Project:
    project.write("images/a.png", png(1))
    project.manifest(GLOB)
    return project


@pytest.mark.parametrize("kind", FLAT)
def test_it_is_told_with_its_place_and_refused_where_that_is_asked_for(
    labelled: Project, kind: str
) -> None:
    flat, said = FLAT[kind]
    labelled.write("labels/a.json", [BOX, flat])
    for _ in range(2):
        ran = labelled.run("plan")
        assert (ran.code, ran.last_line[:19]) == (0, "Plan: 1 to create, ")
        assert "warning: labels/a.json:1:" in ran.err
        assert f"label [1].{said.removeprefix('the ')}" in ran.err or said in ran.err
    labelled.manifest(STRICT + GLOB)
    ran = labelled.run("plan")
    assert ran.code == 65
    assert said in ran.err
    labelled.write("labels/a.json", [BOX])
    assert labelled.run("plan").code == 0


def test_labels_with_an_area_are_nothing_to_tell(labelled: Project) -> None:
    labelled.write("labels/a.json", list(FINE.values()))
    labelled.manifest(STRICT + GLOB)
    assert "warning" not in labelled.run("plan").err


def test_labels_in_the_manifest_and_in_lists_have_places_too(labelled: Project) -> None:
    inline = str([box(0, 0.1)]).replace("'", '"')
    labelled.write("list.json", [{"name": "b", "items": ["images/a.png"], "labels": [EIGHT]}])
    labelled.manifest(
        f"{HEAD}  - name: a\n    items: [images/a.png]\n    labels: {inline}\n"
        "  - items_list: list.json\n"
    )
    ran = labelled.run("plan")
    column = inline.index('"wnorm": ') + len('    labels: "wnorm": ') + 1
    assert f"warning: rbsync.yaml:6:{column}: label [0].bbox2d.wnorm: its width is 0" in ran.err
    assert "warning: list.json:1:2: label [0].polygon: the polygon crosses itself" in ran.err


def test_of_very_many_the_first_are_told_and_how_many_more_there_are(labelled: Project) -> None:
    labelled.write("labels/a.json", [box(0, 0.1)] * 1_000)
    ran = labelled.run("plan")
    assert ran.err.count("its width is 0") == 5
    assert "so it is with 995 more labels here" in ran.err


def test_an_outline_of_thousands_of_points_takes_no_time() -> None:
    import time
    from math import cos, pi, sin

    from rbsync.labels.degenerate import degenerate

    number = 20_000
    turns = (2 * pi * at / number for at in range(number))
    outline = polygon(*((0.5 + 0.4 * cos(turn), 0.5 + 0.4 * sin(turn)) for turn in turns))
    began = time.process_time()
    assert not degenerate(outline)
    assert time.process_time() - began < 2


def test_of_many_flaws_that_are_alike_ten_are_told_and_how_many_more(project: Project) -> None:
    project.manifest(GLOB)
    for number in range(40):
        project.write(f"images/{number:02}.png", png(number))
        project.write(f"labels/{number:02}.json", [box(0, (number + 1) / 100)])
    ran = project.run("plan")
    assert (ran.code, ran.err.count("warning: ")) == (0, 10)
    assert "… and 30 more like this one (-v lists them)" in ran.err.splitlines()
    assert project.run("plan", "-v").err.count("warning: ") == 40
