"""Label files of other tools, known by how they begin, where LabelObjects are expected."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

_LOOKED_AT = 1 << 20
_YOLO = re.compile(r"\s*\d+(\s+-?\d*\.?\d+(e-?\d+)?){4,}\s*(\n|$)", re.IGNORECASE)
_OF_TEXTS = (
    (_YOLO, "YOLO"),
    # A type, then truncation, occlusion, angle, box, dimensions, place, rotation and perhaps score.
    (re.compile(r"\s*[A-Za-z]\w*(\s+-?\d+(\.\d+)?){14,15}\s*(\n|$)"), "KITTI"),
    # Four corners in pixels, a category, and perhaps how difficult it is; two lines may come first.
    (
        re.compile(
            r"\s*((imagesource|gsd):.*\n)*\s*(-?\d+(\.\d+)?\s+){8}[A-Za-z][\w-]*(\s+\d)?\s*(\n|$)"
        ),
        "DOTA",
    ),
    (re.compile(r"\s*(imagesource|gsd):"), "DOTA"),
    (
        re.compile(r'\s*#?"?filename"?,"?file_size"?,"?(file_attributes|region_count)'),
        "VGG Image Annotator",
    ),
)
_OF_LISTS: tuple[tuple[str, Callable[[Any], bool]], ...] = (
    ("Label Studio", lambda one: bool({"annotations", "completions", "predictions"} & one.keys())
     and "data" in one),
    ("Label Studio", lambda one: {"from_name", "to_name", "type"} <= one.keys()),
    ("CreateML", lambda one: {"image", "annotations"} <= one.keys()),
    ("Labelbox", lambda one: bool({"data_row", "DataRow ID", "External ID"} & one.keys())),
    ("COCO results", lambda one: {"image_id", "category_id"} <= one.keys()),
    ("Label Studio", lambda one: {"image", "label"} <= one.keys()),
)  # fmt: skip
_OF_OBJECTS: tuple[tuple[str, Callable[[Any], bool]], ...] = (
    ("labelme", lambda one: "shapes" in one
     and bool({"imagePath", "imageHeight", "version"} & one.keys())),
    ("COCO", lambda one: "annotations" in one and bool({"images", "categories"} & one.keys())),
    ("Datumaro (CVAT)", lambda one: {"items", "categories"} <= one.keys()),
    ("VGG Image Annotator", lambda one: "_via_img_metadata" in one or _is_of_via(one)),
    ("Supervisely", lambda one: {"objects", "size"} <= one.keys()),
    ("Darwin (V7)", lambda one: {"item", "annotations"} <= one.keys()),
    *_OF_LISTS,
)  # fmt: skip
_XML = (
    (re.compile(r"<annotations\b"), "CVAT"),
    (re.compile(r"<annotation\b"), "Pascal VOC"),
)
OWN = {
    "labelme": "labelme",
    "Pascal VOC": "voc",
    "YOLO": "yolo",
}


def tool_of(text: str) -> str:
    """Returns the name of the tool that wrote a file; empty for none that is known."""
    head = text[:_LOOKED_AT]
    if head.lstrip("\ufeff \t\r\n").startswith("<"):
        return next((name for form, name in _XML if form.search(head)), "")
    start = head.removeprefix("\ufeff")
    named = next((name for form, name in _OF_TEXTS if form.match(start)), "")
    return named or _of_json(text)


def is_own(text: str) -> bool:
    """Tells whether a text seems to be a list of LabelObjects."""
    return text.lstrip().startswith("[") and '"category"' in text[:_LOOKED_AT] and not tool_of(text)


def _of_json(text: str) -> str:
    try:
        value = json.loads(text) if len(text) <= _LOOKED_AT else _beginning(text)
    except (ValueError, RecursionError):
        return ""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return next((name for name, fits in _OF_LISTS if fits(value[0])), "")
    if isinstance(value, dict):
        return next((name for name, fits in _OF_OBJECTS if fits(value)), "")
    return ""


def _beginning(text: str) -> Any:
    """The keys of an object that is too long to be read for its name alone."""
    keys = re.findall(r'"(\w+)"\s*:', text[:_LOOKED_AT])
    found = dict.fromkeys(keys)
    return [found] if text.lstrip().startswith("[") else found


def _is_of_via(value: dict[str, Any]) -> bool:
    first = next(iter(value.values()), None)
    return isinstance(first, dict) and {"filename", "regions"} <= first.keys()


def next_step(tool: str, template: str) -> str:
    """The step to take with a file of a tool, whose path ``template`` says."""
    if tool in OWN:
        more = ", classes: [NAME, …]" if tool == "YOLO" else ""
        return f'write `labels: {{format: {OWN[tool]}, file: "{template}"{more}}}`'
    if tool == "COCO results":
        return (
            "results name no images: put them as `annotations` beside the `images` and "
            "`categories` of the file that they were made for, and name that under `masks`: "
            "`- coco: FILE`"
        )
    if tool == "COCO":
        return "name the file under `masks`: `- coco: FILE`, with `images: FOLDER/`"
    if tool in ("KITTI", "DOTA"):
        return (
            f"convert the files of {tool} to COCO, for example with Datumaro, and name that file "
            "under `masks`: `- coco: FILE`, with `images: FOLDER/`"
        )
    return (
        f"export from {tool} as COCO, and name that file under `masks`: `- coco: FILE`; or as "
        "Pascal VOC or YOLO, which `labels: {format: voc, file: …}` reads"
    )
