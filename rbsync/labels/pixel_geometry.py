"""Segmentations as rings of pixel corners.

Source of the shape: the service's page on LabelObject. Coordinates are pixel edges, so that
they reach from 0 to the width and height; rings may be closed or not, and numbers may be spelled
as floats (both occur in the service's own exports) as long as they are whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from rbsync.labels.problem import FINE, Check, LabelProblem, under
from rbsync.labels.records import list_of, record, too_few
from rbsync.labels.scalars import number_problem, whole_number, wrong_type

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
    found = [one for at, xy in enumerate(value) for one in under(at, _pair(xy, 0, size, "[x, y]"))]
    closed = len(value) > 1 and value[0] == value[-1]
    corners = len(value) - closed
    if corners < SMALLEST_RING:
        found.append(too_few(corners, SMALLEST_RING, "points"))
    return found or FINE


def pixel(value: object) -> Sequence[LabelProblem]:
    """Regions and holes of one label, inside ``imagesize``."""
    return _shape(_size(value))(value)


def _size(value: object) -> Sequence[int | None]:
    size = value.get("imagesize") if isinstance(value, dict) else None
    if isinstance(size, list | tuple) and not imagesize(size):
        return [int(one) for one in size]
    return (None, None)


def _shape(size: Sequence[int | None]) -> Check:
    ring = partial(_ring, size=size)
    return record(
        {"imagesize": imagesize, "regions": list_of(ring, "rings", least=1)},
        {"holes": list_of(ring, "rings")},
    )
