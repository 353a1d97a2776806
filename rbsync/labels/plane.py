"""The geometries in a picture, in fractions of its width and height.

Source of the shapes: the service's page on LabelObject, of November 2021.
"""

from __future__ import annotations

from collections.abc import Sequence

from rbsync.labels.problem import FINE, Check, LabelProblem
from rbsync.labels.records import list_of, record
from rbsync.labels.scalars import fraction, rotation

EPSILON = 1e-6
"""How far a box may reach over the edge, for the sake of rounding."""

point = record({"xnorm": fraction, "ynorm": fraction})
polygon = list_of(point, "points", least=3)
polyline = list_of(point, "points", least=2)
ellipse = record(
    {
        "xcenternorm": fraction,
        "ycenternorm": fraction,
        "xnorm": fraction,
        "ynorm": fraction,
        "rot": rotation,
    }
)
_box = record({"xnorm": fraction, "ynorm": fraction, "wnorm": fraction, "hnorm": fraction})


def bbox2d(value: object) -> Sequence[LabelProblem]:
    """A box by its upper left corner and its size, inside the picture."""
    found = _box(value)
    if found or not isinstance(value, dict):
        return found
    right = value["xnorm"] + value["wnorm"]
    lower = value["ynorm"] + value["hnorm"]
    if right <= 1 + EPSILON and lower <= 1 + EPSILON:
        return FINE
    return _over_the_edge(right, lower)


def _over_the_edge(right: float, lower: float) -> list[LabelProblem]:
    found = []
    if right > 1 + EPSILON:
        found.append(_outside("wnorm", f"xnorm + wnorm is {right:.6g}", "right"))
    if lower > 1 + EPSILON:
        found.append(_outside("hnorm", f"ynorm + hnorm is {lower:.6g}", "lower"))
    return found


def _outside(key: str, sum_: str, edge: str) -> LabelProblem:
    message = f"reaches over the picture's {edge} edge: {sum_}"
    hint = "xnorm and ynorm are the upper left corner, not the centre"
    return LabelProblem("outside", message, (key,), hint)


PLANE: dict[str, Check] = {
    "bbox2d": bbox2d,
    "polygon": polygon,
    "polyline": polyline,
    "point": point,
    "ellipse": ellipse,
}
