"""A key that any JSON gives twice is refused with both places, wherever the JSON is read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rbsync.repeated_keys import Repeats, first_repeat
from tests.scenarios.pictures import CLASSES, photo
from tests.scenarios.project import Project
from tests.scenarios.test_masks_of_images import mask

GLOB = 'datapoints:\n  - {glob: "images/*.png", '
SHAPES = '{"shapes": [], "imagePath": "a", "imageWidth": 4, "imageHeight": 3,\n "imageHeight": 4}'
BOX = '"bbox2d": {"xnorm": 0.1,\n "xnorm": 0.2, "ynorm": 0, "wnorm": 0.2, "hnorm": 0.1}'
LABEL = f'[{{"category": [["object", "car"]], "attributes": [], {BOX}}}]'
ENTRY = '{"name": "a", "items": ["images/a.png"], "metaData": {"k": "1",\n "k": "2"}}'
COCO = (
    '{"images": [{"id": 1, "file_name": "images/a.png", "width": 4, "height": 3,\n "height": 4}],'
    ' "categories": [], "annotations": []}'
)
CASES: dict[str, tuple[str, str, str, str]] = {
    "labels": ("l/a.json", LABEL, GLOB + 'labels: "l/{stem}.json"}\n', "xnorm"),
    "labels in a list": (
        "l.json",
        f'[{{"name": "a", "items": ["images/a.png"], "labels": {LABEL}}}]',
        "datapoints:\n  - items_list: l.json\n",
        "xnorm",
    ),
    "metadata": ("l.json", f"[{ENTRY}]", "datapoints:\n  - items_list: l.json\n", "k"),
    "COCO": ("c.json", COCO, "masks:\n  - coco: c.json\n", "height"),
    "a class map": (
        "c.json",
        '{"car": [255, 0, 0],\n "car": [0, 255, 0]}',
        GLOB + 'mask: "masks/{stem}.png", class_map: c.json}\n',
        "car",
    ),
    "labelme": (
        "l/a.json",
        SHAPES,
        GLOB + 'labels: {format: labelme, file: "l/{stem}.json"}}\n',
        "imageHeight",
    ),
}


@pytest.mark.parametrize(("file", "text", "manifest", "key"), CASES.values(), ids=CASES)
def test_it_is_refused_with_both_places(
    project: Project, file: str, text: str, manifest: str, key: str
) -> None:
    project.write("images/a.png", photo(1))
    project.write("masks/a.png", mask())
    project.write(file, text)
    project.manifest("project: {type: IMAGE_MULTI, taxonomy: [car, bus]}\n" + manifest)
    ran = project.run("plan")
    assert ran.code == 65
    first = text.index(f'"{key}"') + 1
    assert f"the key `{key}` is given twice, at 1:{first} and at 2:2" in ran.err, ran.err
    # The last of the two is kept.
    project.write(file, json.dumps(json.loads(text)).replace('"height": 4', '"height": 3'))
    ran = project.run("plan")
    assert "given twice" not in ran.err


def test_a_taxonomy(project: Project) -> None:
    project.write("images/a.png", photo(1))
    project.write("t.json", '{"categories": ["car"], "categories": ["bus"]}')
    project.manifest(
        'project: {type: IMAGE_MULTI, taxonomy: t.json}\ndatapoints:\n  - glob: "images/*.png"\n'
    )
    assert "`categories` is given twice, at 1:2 and at 1:25" in project.run("plan").err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": {"a": [{"a": 1}, {"a": 2}]}, "b": "a", "a": 0}', "`a` is given twice, at 1:2 "),
        ('[{"a": "{\\"a\\": 1, ", "b": [1, "a", "a"], "b": 0}]', "`b` is given twice, at 1:23 "),
        ('{"\\u0061": 1, "a": 2}', "`a` is given twice, at 1:2 and at 1:15"),
        ('{"": 1, "": 2}', "`` is given twice, at 1:2 and at 1:9"),
    ],
)
def test_places_are_those_of_keys_of_one_object(text: str, message: str) -> None:
    repeats = Repeats()
    json.loads(text, object_pairs_hook=repeats)
    assert repeats.seen
    assert message in first_repeat(text).message


@pytest.mark.parametrize("value", [{}, [], {"a": {"a": 1}}, [{"a": 1}, {"a": 1}], CLASSES])
def test_what_repeats_nothing_is_read_as_it_is(value: Any) -> None:
    repeats = Repeats()
    text = json.dumps(value)
    assert json.loads(text, object_pairs_hook=repeats) == json.loads(text)
    assert not repeats.seen
