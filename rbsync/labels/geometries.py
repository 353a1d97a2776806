"""The geometries that a label can have: in pixels, in fractions of a picture, in a volume.

Sources of the shapes: the service's page on LabelObject, of November 2021, and for volumes the
labels that the public SDK 2.35.4 reads and writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import chain
from typing import Any

from rbsync.labels.combinators import list_of, missing, record, too_few
from rbsync.labels.problem import FINE, Check, LabelProblem, under
from rbsync.labels.scalars import (
    finite,
    fraction,
    number_problem,
    rotation,
    whole,
    whole_number,
    wrong_type,
)

# Coordinates of rings are pixel edges, so that they reach from 0 to the width and height. Rings may
# be closed or not, and whole numbers may be spelled as floats: the service's own exports have both.
SMALLEST_RING = 3


def _whole(value: object, low: int, high: int | None) -> bool:
    if type(value) is int or (isinstance(value, float) and value.is_integer()):
        return low <= value and (high is None or value <= high)
    return False


def _pair(value: object, low: int, high: Sequence[int | None], what: str) -> Sequence[LabelProblem]:
    if not isinstance(value, list | tuple):
        return wrong_type(value, what)
    if len(value) != 2:
        return (LabelProblem("wrong-length", f"must be {what}, not {len(value)} values"),)
    found: list[LabelProblem] = []
    for at, (one, most) in enumerate(zip(value, high, strict=True)):
        if not _whole(one, low, most):
            found += under(at, number_problem(one, whole_number(low, most)))
    return found or FINE


def imagesize(value: object) -> Sequence[LabelProblem]:
    """The picture's width and height in pixels."""
    return _pair(value, 1, (None, None), "[width, height]")


def _ring(value: object, size: Sequence[int | None]) -> Sequence[LabelProblem]:
    if not isinstance(value, list | tuple):
        return wrong_type(value, "a list of [x, y]")
    found: list[LabelProblem] = []
    if not _are_pixels(value, size):
        every = enumerate(value)
        found = [one for at, xy in every for one in under(at, _pair(xy, 0, size, "[x, y]"))]
    closed = len(value) > 1 and value[0] == value[-1]
    # The repeated first point of a closed ring is no corner: three points of which two are one make
    # no area.
    corners = len(value) - closed
    if corners < SMALLEST_RING:
        found.append(too_few(corners, SMALLEST_RING, "points"))
    return found or FINE


def _are_pixels(ring: Sequence[Any], size: Sequence[int | None]) -> bool:
    """Tells whether all points of a ring are as nearly all are: pairs of whole numbers inside.

    A ring may have a million, and to look at each for faults of its own takes ten times as long.
    """
    width, height = size
    if width is None or height is None or not _are_all(ring, list):
        return False
    xs, ys = zip(*ring, strict=True)
    if not {*map(type, xs), *map(type, ys)} <= {int, float}:
        return False
    if min(xs) < 0 or min(ys) < 0 or max(xs) > width or max(ys) > height:
        return False
    # What is no number passes each comparison, and is not whole.
    return all(map(float.is_integer, map(float, chain(xs, ys))))


def _are_fractions(line: Sequence[Any]) -> bool:
    """Tells the same of the points of a polygon or a polyline."""
    if not _are_all(line, dict):
        return False
    try:
        xs, ys = ([one[key] for one in line] for key in ("xnorm", "ynorm"))
    except KeyError:
        return False
    are_numbers = {*map(type, xs), *map(type, ys)} <= {int, float}
    return are_numbers and all(0 <= one <= 1 for one in chain(xs, ys))


def _are_all(points: Sequence[Any], kind: type) -> bool:
    """Tells whether there are points, each a list or object of two members."""
    return set(map(type, points)) == {kind} and set(map(len, points)) == {2}


def pixel(value: object) -> Sequence[LabelProblem]:
    """Regions and holes of one label, inside ``imagesize``."""
    return _shape(_size(value))(value)


def _size(value: object) -> Sequence[int | None]:
    size = value.get("imagesize") if isinstance(value, dict) else None
    if isinstance(size, list | tuple) and not imagesize(size):
        # Only a size that is right itself limits the rings: else one typing error would be told
        # once for every point.
        return [int(one) for one in size]
    return (None, None)


def _shape(size: Sequence[int | None]) -> Check:
    ring = partial(_ring, size=size)
    return record(
        {"imagesize": imagesize, "regions": list_of(ring, "rings", least=1)},
        {"holes": list_of(ring, "rings")},
    )


# How far a box may reach over the edge, for the sake of rounding.
EPSILON = 1e-6

point = record({"xnorm": fraction, "ynorm": fraction})


def _line(least: int) -> Check:
    each = list_of(point, "points", least)

    def check(value: object) -> Sequence[LabelProblem]:
        is_fine = isinstance(value, list) and len(value) >= least and _are_fractions(value)
        return FINE if is_fine else each(value)

    return check


polygon = _line(3)
polyline = _line(2)
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
    # Both are fractions by now, so nothing here can be NaN or text.
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


# An instance is a voxel's value in a label map of 16 bits.
LARGEST_INSTANCE = 65535

# Coordinates in volumes are voxels and millimetres, which nothing here can compare with a scan: a
# stricter check would refuse labels that the service takes.
point3d = record(
    {"pointx": finite, "pointy": finite, "pointz": finite},
    {
        "computedpointworld": lambda _: FINE,
    },
)
dicom = record(
    {"instanceid": whole(1, LARGEST_INSTANCE)},
    {"groupids": list_of(whole(1, LARGEST_INSTANCE), "group ids")},
)


# Only what the public SDK reads is asked for: nothing says what else these may hold.
def _with(*required: str) -> Check:
    def check(value: object) -> Sequence[LabelProblem]:
        if not isinstance(value, dict):
            return wrong_type(value, "an object with " + ", ".join(required))
        return [missing(key) for key in required if value.get(key) is None] or FINE

    return check


VOLUME: dict[str, Check] = {
    "point3d": point3d,
    "cuboid": _with("point1", "point2"),
    "length3d": _with("point1", "point2"),
    "angle3d": _with("point1", "point2", "point3"),
    "dicom": dicom,
}
