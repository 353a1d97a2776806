"""Lines of YOLO that are poses: a box, and within it points, perhaps with how well each is seen."""

from __future__ import annotations

from collections.abc import Sequence
from math import isclose
from typing import NamedTuple

from rbsync.labels.degenerate import degenerate
from rbsync.sources.tools.drawn import label

Points = tuple[int, int]
"""How many points a pose has, and the numbers of each: x and y, or also how well it is seen."""

_BOX = 4
_SEEN = (0, 1, 2)
_SLACK = 0.02
"""Of a picture's side: points of a box's edge are rounded, and some lie a little outside."""


class Poses(NamedTuple):
    """The points of lines that look like poses; not ``is_sure``: they may be polygons as well."""

    points: Points
    is_sure: bool


def points_of(lines: Sequence[Sequence[str]]) -> Poses | None:
    """The points that lines have behind their boxes; None for lines that are no poses.

    All poses of a file have as many points, and polygons rarely have as many corners.
    """
    lengths = {len(one) - 1 - _BOX for one in lines}
    try:
        values = [[float(number) for number in one[1:]] for one in lines]
    except ValueError:
        return None
    if len(lengths) != 1 or (length := lengths.pop()) <= 1:
        return None
    if length % 3 == 0 and all(_is_seen_pose(one) for one in values):
        return Poses((length // 3, 3), is_sure=True)
    if length % 2 == 0 and all(_is_pose(one, 2) for one in values):
        # Where it is a polygon too, and a good one, nobody knows.
        is_sure = all(degenerate(_polygon(one)) for one in values)
        return Poses((length // 2, 2), is_sure) if is_sure or length > 2 else None
    return None


def _is_seen_pose(values: Sequence[float]) -> bool:
    return all(one in _SEEN for one in values[_BOX + 2 :: 3]) and _is_pose(values, 3)


def _is_pose(values: Sequence[float], step: int) -> bool:
    """Tells whether the first four numbers are a box within the picture, and has the points."""
    x, y, width, height = values[:_BOX]
    points = zip(values[_BOX::step], values[_BOX + 1 :: step], strict=True)
    return (
        _fits(x, width, 0.5, 1)
        and _fits(y, height, 0.5, 1)
        # A point that nobody saw is written as 0 0.
        and all(
            (isclose(a, 0) and isclose(b, 0)) or (_fits(a, 0, x, width) and _fits(b, 0, y, height))
            for a, b in points
        )
    )


def _fits(middle: float, length: float, of: float, whole: float) -> bool:
    return abs(middle - of) + length / 2 <= whole / 2 + _SLACK


def _polygon(values: Sequence[float]) -> dict[str, object]:
    pairs = zip(values[::2], values[1::2], strict=True)
    return label("", polygon=[{"xnorm": x, "ynorm": y} for x, y in pairs])
