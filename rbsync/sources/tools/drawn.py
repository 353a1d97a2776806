"""The common ground of label files: shapes in pixels or fractions, as LabelObjects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

Point = tuple[float, float]

_ROUNDING = 1.5
"""Pixels by which a point may lie beyond the picture: tools round, and edges are half pixels."""


class DrawingError(ValueError):
    """A file that cannot be read, with the line and column where that shows."""

    def __init__(self, message: str, line: int = 1, column: int = 1, hint: str = "") -> None:
        super().__init__(message)
        self.line, self.column, self.hint = line, column, hint


class Drawings(NamedTuple):
    """The labels of a file, what each is called there, and the size that it says of its picture.

    ``left_out`` says of each kind of thing that has no place in labels how many there were;
    ``lines`` where each label stands, where that is a line of its own. ``wrong`` are the parts that
    cannot be read, ``doubt`` what the labels may be instead, and ``picture`` the file name of the
    picture that they are of, as the file says.
    """

    labels: list[dict[str, Any]]
    titles: list[str]
    size: tuple[int, int] | None = None
    left_out: dict[str, int] = {}  # noqa: RUF012 - a named tuple's default, never changed
    lines: tuple[int, ...] = ()
    wrong: tuple[DrawingError, ...] = ()
    doubt: str = ""
    picture: str = ""


class Canvas:
    """Makes LabelObjects of shapes in the pixels of a picture."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height

    def polygon(self, name: str, points: Sequence[Point]) -> dict[str, Any]:
        return label(name, polygon=[self._point(one) for one in points])

    def polyline(self, name: str, points: Sequence[Point]) -> dict[str, Any]:
        return label(name, polyline=[self._point(one) for one in points])

    def point(self, name: str, point: Point) -> dict[str, Any]:
        return label(name, point=self._point(point))

    def box(self, name: str, first: Point, second: Point) -> dict[str, Any]:
        """A box between two opposite corners, whichever."""
        left, right = sorted((self._x(first[0]), self._x(second[0])))
        upper, lower = sorted((self._y(first[1]), self._y(second[1])))
        return label(name, bbox2d=corner_box(left, upper, right - left, lower - upper))

    def circle(self, name: str, centre: Point, radius: float) -> dict[str, Any]:
        across, down = radius / self.width, radius / self.height
        at = {"xcenternorm": self._x(centre[0]), "ycenternorm": self._y(centre[1])}
        return label(name, ellipse={**at, "xnorm": across, "ynorm": down, "rot": 0.0})

    def _point(self, point: Point) -> dict[str, float]:
        return {"xnorm": self._x(point[0]), "ynorm": self._y(point[1])}

    def _x(self, value: float) -> float:
        return _fraction(value, self.width)

    def _y(self, value: float) -> float:
        return _fraction(value, self.height)


def _fraction(value: float, whole: float) -> float:
    # A point far out is wrong and told as that; one on the edge is there by rounding.
    if -_ROUNDING <= value <= whole + _ROUNDING:
        value = min(max(value, 0), whole)
    return value / whole


def corner_box(left: float, upper: float, width: float, height: float) -> dict[str, float]:
    """A box by its upper left corner and size, in fractions of the picture."""
    return {"xnorm": left, "ynorm": upper, "wnorm": width, "hnorm": height}


def label(name: str, **geometry: Any) -> dict[str, Any]:
    """A LabelObject of a category."""
    return {"category": [["object", name]], "attributes": [], **geometry}
