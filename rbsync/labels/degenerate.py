"""Labels that are written as they should be and show nothing: without area, or crossing themselves.

The service takes them, so that they are no mistakes of form. Most come from a click too many, or
from a conversion that swapped two numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from rbsync.labels.covered_area import area_of
from rbsync.labels.problem import FINE, LabelProblem

Point = tuple[float, float]
Edge = tuple[Point, Point]

_LEAST_AREA = 1e-12
"""Of a picture whose sides are 1: a hundredth of a pixel of the largest pictures."""

_LOOKS_A_CORNER = 16
_LOOKS = 1_000
"""So many pairs of edges are looked at in one polygon: without a limit, 10,000 corners that
are made for it take a minute."""

_FLAT_HINT = "draw it anew, or take it out"
_CROSSING_HINT = "put its points in the order in which they follow the outline"


def degenerate(label: Mapping[str, Any]) -> Sequence[LabelProblem]:
    """Returns why a label that passed all checks shows nothing, or not what was meant."""
    found: list[LabelProblem] = []
    if box := label.get("bbox2d"):
        found += _flat_sides("bbox2d", box, {"wnorm": "width", "hnorm": "height"})
    if ellipse := label.get("ellipse"):
        found += _flat_sides("ellipse", ellipse, {"xnorm": "width", "ynorm": "height"})
    if polygon := label.get("polygon"):
        points = [(one["xnorm"], one["ynorm"]) for one in polygon]
        found += _of_polygon(points, ("polygon",))
    if pixel := label.get("pixel"):
        areas = [area_of(region) for region in pixel["regions"]]
        for number, area in enumerate(areas):
            if area < _LEAST_AREA:
                found.append(_without_area(("pixel", "regions", number), "ring"))
        holes = sum(map(area_of, pixel.get("holes") or ()))
        if holes and not found and sum(areas) - holes < _LEAST_AREA:
            message = "its holes are as large as its regions, so that it covers no pixel"
            found.append(LabelProblem("no-area", message, ("pixel", "holes"), _FLAT_HINT))
    return found or FINE


def _flat_sides(key: str, shape: Mapping[str, float], sides: Mapping[str, str]) -> list[Any]:
    return [
        LabelProblem("no-area", f"its {name} is 0, so that it has no area", (key, side), _FLAT_HINT)
        for side, name in sides.items()
        if shape[side] == 0
    ]


def _of_polygon(points: Sequence[Point], path: tuple[str, ...]) -> list[LabelProblem]:
    corners = [
        one for one, before in zip(points, (points[-1], *points), strict=False) if one != before
    ]
    # First, for a polygon like an 8 may have no area in sum.
    if crossing := _crossing(corners):
        where = " and ".join(
            f"({x:.4g}, {y:.4g}) to ({u:.4g}, {v:.4g})" for (x, y), (u, v) in crossing
        )
        message = f"the polygon crosses itself: {where}"
        return [LabelProblem("self-crossing", message, path, _CROSSING_HINT)]
    if area_of(corners) < _LEAST_AREA:
        return [_without_area(path, "polygon")]
    return []


def _without_area(path: tuple[str | int, ...], what: str) -> LabelProblem:
    return LabelProblem("no-area", f"the {what} has no area", path, _FLAT_HINT)


def _crossing(corners: Sequence[Point]) -> tuple[Edge, Edge] | None:
    """The first two edges that cross, beyond touching in a point.

    A line sweeps over the edges from left to right, and each is held against those that the line
    still touches: outlines of thousands of points have few at a time. Those that have many, as
    a comb has that lies on its side, are not looked through to their end.
    """
    edges = sorted(
        (one[0], other[0], one, other) if one[0] < other[0] else (other[0], one[0], one, other)
        for one, other in pairwise([*corners, *corners[:1]])
    )
    looks = _LOOKS + _LOOKS_A_CORNER * len(corners)
    active: list[tuple[float, float, float, Point, Point]] = []
    for left, right, one, other in edges:
        low, high = (one[1], other[1]) if one[1] < other[1] else (other[1], one[1])
        active = [edge for edge in active if edge[0] >= left]
        looks -= len(active)
        if looks < 0:
            return None
        for _, lowest, highest, start, end in active:
            # Neighbours share a corner, and each corner is one object.
            if lowest > high or low > highest or start is other or end is one:
                continue
            if _cross(one, other, start, end):
                return (start, end), (one, other)
        active.append((right, low, high, one, other))
    return None


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
