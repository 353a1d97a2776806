"""Polygons of COCO -> pixels, as pycocotools draws them once they were found to be harmless.

It trusts what it is given: it makes room for every step of an outline, and writes where a corner
is that no number of 32 bits can say.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.labels.scalars import kind_of, shown
from rbsync.masks.error import ShapeError

Corners = npt.NDArray[np.float64]

LONGEST_OUTLINE = 1 << 22
"""The pixels along the outlines of an annotation: up to 100 bytes are needed for each."""

_NUMBERS = frozenset((int, float))


def draw_polygons(
    polygons: list[Any], width: int, height: int, coder: Any
) -> npt.NDArray[np.uint8]:
    """The mask (height, width) of what the polygons cover together, 1 inside.

    A polygon is ``[x, y, x, y, …]`` in pixels; ``coder`` is the module pycocotools.mask. Raises
    ShapeError for what is no polygon, or is far outside of the picture.
    """
    if not polygons:
        raise ShapeError("it is empty")
    corners = [_corners(one, f"polygon {place}") for place, one in enumerate(polygons)]
    for place, one in enumerate(corners):
        _refuse_far(one, f"polygon {place}", width, height)
    _refuse_long(corners)
    codes = coder.frPyObjects([one.ravel() for one in corners], height, width)
    mask: npt.NDArray[np.uint8] = coder.decode(coder.merge(codes))
    return mask


def _corners(polygon: Any, title: str) -> Corners:
    """The corners (n, 2) of one polygon."""
    if not isinstance(polygon, list):
        raise ShapeError(f"{title} is {kind_of(polygon)}, not a list [x, y, x, y, …]")
    if len(polygon) < 6 or len(polygon) % 2:
        raise ShapeError(f"{title} has {len(polygon)} numbers, not x and y of 3 corners or more")
    if not _NUMBERS.issuperset(map(type, polygon)):
        wrong = next(one for one in polygon if type(one) not in _NUMBERS)
        raise ShapeError(f"{title} has {shown(wrong)}, which is no number")
    try:
        return np.array(polygon, np.float64).reshape(-1, 2)
    except OverflowError:
        raise ShapeError(f"{title} has a number of hundreds of digits") from None


def _refuse_far(corners: Corners, title: str, width: int, height: int) -> None:
    size = np.array((width, height))
    # A corner that is no number is in no range.
    far = ~((corners >= -size) & (corners <= 2 * size)).all(axis=1)
    if far.any():
        x, y = corners[far][0]
        raise ShapeError(
            f"{title} has the corner ({x:g}, {y:g}), far outside of its image, "
            f"which is {width} x {height}"
        )


def _refuse_long(polygons: list[Corners]) -> None:
    length = sum(_length(one) for one in polygons)
    if length > LONGEST_OUTLINE:
        raise ShapeError(
            f"its outline is {length:,} pixels long, more than the limit of {LONGEST_OUTLINE:,}"
        )


def _length(corners: Corners) -> int:
    """The steps along a closed outline, at least one from each corner to the next."""
    steps = np.abs(np.diff(corners, axis=0, append=corners[:1])).max(axis=1)
    return int(np.ceil(steps).sum()) + len(corners)
