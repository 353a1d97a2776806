"""The extent of LabelObjects: their number, and the pixels that their rings enclose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rbsync.model.extent import Extent


def extent_of(labels: Iterable[Any]) -> Extent:
    """The extent of labels that may be of any form: what cannot be read covers nothing."""
    number = area = whole = 0
    for label in labels:
        number += 1
        covered, of = _covered(label.get("pixel") if isinstance(label, dict) else None)
        area, whole = area + covered, max(whole, of)
    return Extent(number, area, whole)


def _covered(pixel: Any) -> tuple[int, int]:
    """The pixels that outlines enclose, and those of their picture."""
    if not isinstance(pixel, dict):
        return 0, 0
    try:
        area = round(sum(_areas(pixel, "regions")) - sum(_areas(pixel, "holes")))
        width, height = pixel["imagesize"]
        return max(0, area), int(width * height)
    except (KeyError, TypeError, ValueError, OverflowError):
        return 0, 0


def _areas(pixel: dict[str, Any], part: str) -> Iterator[float]:
    """The areas of rings, by the shoelace formula: of rings along pixel edges it is the number of
    pixels within.
    """
    return map(area_of, pixel.get(part) or ())


def area_of(ring: Sequence[Sequence[float]]) -> float:
    """The area that a closed line encloses; its last point need not be the first again."""
    if not ring:
        return 0.0
    before_x, before_y = ring[-1]
    doubled = 0.0
    for x, y in ring:
        doubled += before_x * y - x * before_y
        before_x, before_y = x, y
    return abs(doubled) / 2
