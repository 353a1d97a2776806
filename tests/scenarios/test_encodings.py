"""Each text file that is read, in each encoding: read as it is, or refused with the byte."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.scenarios.pictures import CLASSES, photo
from tests.scenarios.project import BOX, Project

NAME = "Möwe"
IMAGE = f"{NAME}.png"
SIZE = {"imageWidth": 4, "imageHeight": 3}
COCO = {
    "images": [{"id": 1, "file_name": IMAGE, "width": 4, "height": 3}],
    "categories": [{"id": 1, "name": NAME}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 2, 2]}],
}
SHAPE = {"label": NAME, "points": [[0, 0], [3, 0], [3, 2]], "shape_type": "polygon"}
GLOB = "datapoints:\n  - {glob: '*.png', name: '{stem}'"
LIST = "datapoints:\n  - items_list: "
HEAD = f"project: {{type: IMAGE_MULTI, taxonomy: [{NAME}]}}\n"


def written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


ENTRY = {"name": "a", "items": [IMAGE]}
FILES = {
    "an ignore file": (".rbsyncignore", f"# {NAME}\nx.png\n", GLOB + "}\n"),
    "a CSV list": ("l.csv", f"name,item\na,{IMAGE}\n", LIST + "l.csv\n"),
    "a JSON list": ("l.json", written([ENTRY]), LIST + "l.json\n"),
    "a list of lines": ("l.jsonl", written(ENTRY), LIST + "l.jsonl\n"),
    "labels": (
        "l.json",
        written([{**BOX, "category": [["object", NAME]]}]),
        GLOB + ", labels: l.json}\n",
    ),
    "a class map": (
        "map.json",
        written({NAME: CLASSES["car"]}),
        GLOB + ", mask: m/mask.png, class_map: map.json}\n",
    ),
    "annotations of COCO": ("k.json", written(COCO), "masks:\n  - coco: k.json\n"),
    "labels of COCO": ("k.json", written(COCO), GLOB + ", labels: {format: coco, file: k.json}}\n"),
    "a file of labelme": (
        "l.json",
        written({"shapes": [SHAPE], **SIZE}),
        GLOB + ", labels: {format: labelme, file: l.json}}\n",
    ),
    "classes of YOLO": (
        "c.txt",
        f"{NAME}\n",
        GLOB + ", labels: {format: yolo, file: y.txt, classes: c.txt}}\n",
    ),
    "a taxonomy": (
        "t.json",
        written([NAME]),
        "project: {type: IMAGE_MULTI, taxonomy: t.json}\n" + GLOB + "}\n",
    ),
    "a map of masks": (
        "m/datapoint_map.json",
        written({"mask": IMAGE}),
        "masks:\n  - folder: m\n",
    ),
}
READ: dict[str, Callable[[str], bytes]] = {
    "UTF-8": lambda text: text.encode(),
    "UTF-8 with a mark": lambda text: text.encode("utf-8-sig"),
    "UTF-8 with two": lambda text: b"\xef\xbb\xbf" + text.encode("utf-8-sig"),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16, the other way round": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "lines of Windows": lambda text: text.replace("\n", "\r\n").encode(),
}
REFUSED: dict[str, tuple[Callable[[str], bytes], str]] = {
    "Latin-1": (lambda text: text.encode("latin-1"), "byte 0xf6 in line "),
    "of Eastern Europe": (lambda text: text.encode("cp1250"), "byte 0xf6 in line "),
    "UTF-16 without a mark": (lambda text: text.encode("utf-16-le"), "byte 0x00 in line 1, of UTF"),
    "UTF-32": (lambda text: text.encode("utf-32"), "byte 0xff in line 1, of UTF-32, is not UTF-8"),
    "half a character": (
        lambda text: text.encode().replace("ö".encode(), b"\xed\xa0\xb6"),
        "byte 0xed in line ",
    ),
    "a picture": (lambda _: photo(3), "this is a PNG file, and no text"),
    "a pointer of Git LFS": (
        lambda _: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n",
        "this is a Git LFS pointer: the file itself is not here: run `git lfs pull`",
    ),
    "a page": (lambda _: b"<!DOCTYPE html>", "this is an HTML page: a web page was saved in place"),
}


def declared(project: Project, kind: str, encode: Callable[[str], bytes]) -> None:
    name, text, manifest = FILES[kind]
    project.write(IMAGE, photo(1))
    project.write("m/mask.png", photo(0))
    project.write("m/class_map.json", {NAME: [0, 99, 7]})
    project.write("y.txt", "0 .5 .5 .2 .2\n")
    project.write(name, encode(text.replace(str(list(CLASSES["car"])), "[0, 99, 7]")))
    project.manifest(manifest if manifest.startswith("project") else HEAD + manifest)


@pytest.mark.parametrize("kind", FILES)
def test_it_is_read_with_its_letters_whatever_wrote_it(project: Project, kind: str) -> None:
    plans = []
    for encode in READ.values():
        declared(project, kind, encode)
        ran = project.run("plan", "--json")
        assert ran.code == 0, ran.err
        # The items are the same; the bytes of the files that say so are not.
        plans.append([(one["name"], one["items"], one["reason"]) for one in ran.json["actions"]])
    assert all(one == plans[0] for one in plans)
    assert plans[0]


@pytest.mark.parametrize("kind", FILES)
def test_another_encoding_is_refused_with_its_byte(project: Project, kind: str) -> None:
    for encode, said in REFUSED.values():
        declared(project, kind, encode)
        ran = project.run("plan")
        assert ran.code == 65, ran.out
        assert said in ran.err, ran.err
