"""Files of labelme: one JSON file for each picture, with shapes in pixels."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from math import dist
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rbsync.labels.amounts import OBJECT_MARKS, marks_of
from rbsync.repeated_keys import KEEP_ONE, Repeats, first_repeat
from rbsync.sources.tools.drawn import Canvas, DrawingError, Drawings, Point

_TWO = 2
_SIZE = "write the picture's `imageHeight` and `imageWidth`, in pixels"


class Shape(BaseModel):
    """A shape as labelme writes it; what else it has says nothing of where it lies."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    label: str
    points: list[tuple[float, float]]
    shape_type: str = "polygon"
    flags: dict[str, bool] | None = None
    group_id: int | None = None


class File(BaseModel):
    """A file of labelme."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    shapes: list[Any]
    width: int = Field(alias="imageWidth", gt=0)
    height: int = Field(alias="imageHeight", gt=0)
    picture: str | None = Field(None, alias="imagePath")


def amount(text: str) -> tuple[int, int]:
    """As `tools.amount`: a shape is an object, with another one for its flags as a rule.

    A point, which has three marks here, becomes an object of two members.
    """
    return text.count("{") // 2, marks_of(text) + OBJECT_MARKS * text.count("[")


def read(text: str, *_: object) -> Drawings:
    """The shapes of a file. Raises DrawingError."""
    try:
        file = File.model_validate(json.loads(text, object_pairs_hook=(repeats := Repeats())))
    except json.JSONDecodeError as error:
        message = f"the JSON cannot be read: {error.msg.lower()}"
        raise DrawingError(message, error.lineno, error.colno) from error
    except (ValidationError, RecursionError, ValueError) as error:
        hint = _SIZE if "imageHeight" in str(error) or "imageWidth" in str(error) else ""
        raise DrawingError(f"this is no file of labelme: {_first(error)}", hint=hint) from error
    if repeats.seen:
        raise DrawingError(*first_repeat(text), KEEP_ONE)
    canvas, lost = Canvas(file.width, file.height), Counter[str]()
    labels, titles, wrong = [], [], []
    for number, given in enumerate(file.shapes):
        try:
            shape = Shape.model_validate(given)
        except ValidationError as error:
            wrong.append(DrawingError(f"shape {number}: {_first(error)}"))
            continue
        made = _label(canvas, shape)
        if made is None:
            lost[f"shapes of the type `{shape.shape_type}`"] += 1
            continue
        lost["flags"] += any((shape.flags or {}).values())
        lost["group ids"] += shape.group_id is not None
        labels.append(made)
        titles.append(f"shape {number} ({shape.label})")
    return Drawings(
        labels,
        titles,
        (file.width, file.height),
        {key: n for key, n in lost.items() if n},
        wrong=tuple(wrong),
        picture=file.picture or "",
    )


def _label(canvas: Canvas, shape: Shape) -> dict[str, Any] | None:
    """The label of a shape; None for a type that no LabelObject has."""
    points: Sequence[Point] = shape.points
    match shape.shape_type:
        case "polygon":
            return canvas.polygon(shape.label, points)
        case "line" | "linestrip":
            return canvas.polyline(shape.label, points)
        case "point" if points:
            return canvas.point(shape.label, points[0])
        case "rectangle" if len(points) >= _TWO:
            # Newer versions write all four corners.
            xs, ys = [one[0] for one in points], [one[1] for one in points]
            return canvas.box(shape.label, (min(xs), min(ys)), (max(xs), max(ys)))
        case "circle" if len(points) == _TWO:
            return canvas.circle(shape.label, points[0], dist(*points))
        case _:
            return None


def _first(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg'].lower()}" if place else str(first["msg"]).lower()
