"""Files of Pascal VOC: one XML file for each picture, with boxes in pixels."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from rbsync.labels.amounts import OBJECT_MARKS
from rbsync.sources.tools.drawn import Canvas, DrawingError, Drawings

_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_NOTES = ("pose", "truncated", "difficult", "occluded")


def amount(text: str) -> tuple[int, int]:
    """As `tools.amount`: an element takes as much as an object, and so does an attribute."""
    return text.count("<object"), OBJECT_MARKS * (text.count("<") + text.count("=")) // 2


def read(text: str, *_: object) -> Drawings:
    """The boxes of a file. Raises DrawingError, also for a file that defines entities."""
    root = _parsed(text)
    if root.tag != "annotation":
        raise DrawingError(f"this is no file of Pascal VOC: it is `<{root.tag}>`")
    width, height = (int(_number(root, f"size/{one}")) for one in ("width", "height"))
    if width <= 0 or height <= 0:
        message = f"it says that its picture is {width} x {height} pixels"
        raise DrawingError(message, hint="write the picture's width and height into `size`")
    canvas, lost = Canvas(width, height), Counter[str]()
    labels: list[dict[str, Any]] = []
    titles, wrong = [], []
    for number, one in enumerate(root.iterfind("object")):
        name = (one.findtext("name") or "").strip()
        try:
            labels.append(_box(canvas, name, one))
        except DrawingError as error:
            wrong.append(error)
            continue
        titles.append(f"object {number} ({name})")
        lost.update(key for key in _NOTES if _is_said(one.findtext(key)))
        lost["parts"] += len(one.findall("part"))
    return Drawings(
        labels,
        titles,
        (width, height),
        {key: n for key, n in lost.items() if n},
        wrong=tuple(wrong),
        picture=(root.findtext("filename") or "").strip(),
    )


def _box(canvas: Canvas, name: str, element: Element) -> dict[str, Any]:
    left, upper, right, lower = (_number(element, f"bndbox/{corner}") for corner in _CORNERS)
    # The first pixel of VOC has the number 1, and the last one belongs to the box.
    return canvas.box(name, (left - 1, upper - 1), (right, lower))


def _parsed(text: str) -> Element:
    try:
        fromstring = import_module("defusedxml.ElementTree").fromstring
        unsafe = import_module("defusedxml.common").DefusedXmlException
    except ImportError as error:
        hint = "pip install 'rbsync[voc]'"
        raise DrawingError("files of Pascal VOC need an extra", hint=hint) from error
    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except ParseError as error:
        line, column = error.position
        raise DrawingError(f"the XML cannot be read: {error}", line, column + 1) from error
    except unsafe as error:
        hint = "take its DOCTYPE out: entities can be made to fill the memory"
        raise DrawingError("the XML defines a document type", hint=hint) from error
    return root


def _number(element: Element, path: str) -> float:
    text = element.findtext(path)
    try:
        return float(text or "")
    except ValueError as error:
        name = element.findtext("name") or element.tag
        if text is None:
            raise DrawingError(f"`{name}`: it has no `{path}`") from error
        raise DrawingError(f"`{name}`: `{path}` is {text!r}, and no number") from error


def _is_said(text: str | None) -> bool:
    return bool(text) and str(text).strip().lower() not in ("0", "unspecified", "")
