"""The extent of labels: how many there are, and how much of a picture they cover."""

from __future__ import annotations

from collections.abc import Iterable
from operator import add
from typing import NamedTuple

# An edit mostly takes away less. With a third, one label of three counts as well, so that
# datapoints with a few labels are guarded too.
_LEFT, _OF = 2, 3


class Extent(NamedTuple):
    """So many labels, which cover ``area`` pixels or voxels of ``whole`` ones.

    The last two are 0 where nothing is covered, as with boxes.
    """

    labels: int
    area: int = 0
    whole: int = 0

    def left_in(self, later: Extent) -> str:
        """Says what is left of it in a later extent when a third or more is lost, else nothing."""
        if _is_less(later.labels, self.labels):
            return f"{later.labels:,} of {self.labels:,} left"
        # Of a picture that was made smaller fewer pixels are labelled, of one that got a margin a
        # smaller share; neither alone is a loss.
        is_smaller = _is_less(later.area * self.whole, self.area * later.whole)
        if is_smaller and _is_less(later.area, self.area):
            return f"{later.area * 100 // self.area} % of what was labelled left"
        return ""

    def plus(self, other: Extent) -> Extent:
        """The extent of labels and others of the same picture."""
        whole = max(self.whole, other.whole)
        return Extent(self.labels + other.labels, self.area + other.area, whole)

    def text(self) -> str:
        """As `of_text` reads it."""
        return "/".join(map(str, self))

    @classmethod
    def of_text(cls, text: str) -> Extent | None:
        """The inverse of `text`; None for none. Raises ValueError."""
        return cls(*map(int, text.split("/"))) if text else None


def _is_less(later: int, before: int) -> bool:
    return later > 0 and later * _OF <= before * _LEFT


def total(extents: Iterable[Extent | None]) -> Extent | None:
    """The extent of pictures or volumes together; None where one is not known."""
    found = Extent(0)
    for one in extents:
        if one is None:
            return None
        found = Extent(*map(add, found, one))
    return found
