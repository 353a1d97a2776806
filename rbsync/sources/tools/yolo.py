"""Files of YOLO: one text file for each picture, a line for each box or polygon, in fractions.

Lines of poses have points behind the box, and nothing tells those from the corners of a polygon
but where they lie (`poses`).
"""

from __future__ import annotations

from math import isfinite
from typing import Any

from rbsync.labels.amounts import OBJECT_MARKS
from rbsync.sources.tools.drawn import DrawingError, Drawings, corner_box, label
from rbsync.sources.tools.poses import Points, points_of

_BOX = 4
_SPACES = " \t\n\r\v\f\x1c\x1d\x1e\x1f"
_SHOWN = 5
_HINT = "a line is `CLASS x y width height`, or `CLASS x1 y1 x2 y2 x3 y3 …`, in fractions"


def amount(text: str) -> tuple[int, int]:
    """As `tools.amount`: a label is a line, and two numbers become an object of two members."""
    # There are many letters that are spaces; of a text with other letters than YOLO's each second
    # one counts.
    spaces = sum(map(text.count, _SPACES)) if text.isascii() else len(text) // 2
    return len(text.splitlines()), OBJECT_MARKS * spaces


def read(text: str, classes: tuple[str, ...], points: Points | None = None) -> Drawings:
    """The boxes and polygons of a file; ``points`` are those of each pose.

    Raises DrawingError for poses where nothing says how many points they have.
    """
    lines = [
        (number, words)
        for number, line in enumerate(text.splitlines(), 1)
        if (words := line.split())
    ]
    found = points_of([words for _, words in lines]) if points is None else None
    if found and found.is_sure:
        many, numbers = found.points
        message = f"these lines seem to be poses: a box and {many} points of {numbers} numbers each"
        hint = f"write `keypoints: [{many}, {numbers}]` to take the boxes; `[0, 2]` for polygons"
        raise DrawingError(message, lines[0][0], hint=hint)
    labels, wrong, numbers_of = [], [], []
    for number, words in lines:
        try:
            labels.append(_label(words, number, classes, points))
            numbers_of.append(number)
        except DrawingError as error:
            wrong.append(error)
    return Drawings(
        labels,
        [f"line {number}" for number in numbers_of],
        left_out={"keypoints": points[0] * len(labels)} if points and points[0] else {},
        lines=tuple(numbers_of),
        wrong=(_first_of(wrong),) if wrong else (),
        doubt="poses" if found else "",
    )


def _first_of(wrong: list[DrawingError]) -> DrawingError:
    """The first error, which says where the others are."""
    first, *others = wrong
    if not others:
        return first
    lines = ", ".join(str(one.line) for one in others[:_SHOWN])
    more = f" and {len(others) - _SHOWN:,} more" if len(others) > _SHOWN else ""
    noun = "line" if len(others) == 1 else "lines"
    message = f"{first}; {noun} {lines}{more} cannot be read either"
    return DrawingError(message, first.line, first.column, first.hint)


def _label(
    words: list[str], line: int, classes: tuple[str, ...], points: Points | None
) -> dict[str, Any]:
    try:
        number, values = int(words[0]), [float(one) for one in words[1:]]
    except ValueError as error:
        raise DrawingError("this line has what is no number", line, hint=_HINT) from error
    if not 0 <= number < len(classes):
        message = f"the class {number} has no name; there are {len(classes):,}"
        raise DrawingError(message, line, hint="name all under `classes`, in their order from 0")
    if not all(map(isfinite, values)):
        raise DrawingError("this line has what is no finite number", line, hint=_HINT)
    name = classes[number]
    if points and points[0]:
        if len(values) - _BOX - points[0] * points[1] not in (0, 1):
            message = f"this line has {len(values)} numbers, and not a box and {points[0]} points"
            raise DrawingError(message, line, hint="correct `keypoints`, or the line")
        return label(name, bbox2d=_box(*values[:_BOX]))
    # A box of a prediction has its confidence at the end.
    if len(values) in (_BOX, _BOX + 1):
        return label(name, bbox2d=_box(*values[:_BOX]))
    if len(values) < 3 * 2 or len(values) % 2:
        raise DrawingError(f"this line has {len(values)} numbers", line, hint=_HINT)
    pairs = zip(values[::2], values[1::2], strict=True)
    return label(name, polygon=[{"xnorm": x, "ynorm": y} for x, y in pairs])


def _box(x: float, y: float, width: float, height: float) -> dict[str, float]:
    """A box by its centre; what rounding leaves beyond the edge is cut off."""
    left, upper = x - width / 2, y - height / 2
    if -_ROUNDING <= left < 0:
        width, left = width + left, 0.0
    if -_ROUNDING <= upper < 0:
        height, upper = height + upper, 0.0
    if 1 < left + width <= 1 + _ROUNDING:
        width = 1 - left
    if 1 < upper + height <= 1 + _ROUNDING:
        height = 1 - upper
    return corner_box(left, upper, width, height)


_ROUNDING = 0.01
