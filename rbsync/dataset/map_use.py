"""Which values of segment maps occur in the segmentations, all of a manifest taken together."""

from __future__ import annotations

from collections.abc import Iterator

from rbsync.dataset.inspection import Inspected
from rbsync.errors import Location, Problem
from rbsync.sources.base import SeriesLabels
from rbsync.sources.study import MAP

_HINT = "if there is such a structure, correct its value in the segment map"


class MapUse:
    """Finds the values that no segmentation has.

    That one study lacks a value is nothing to tell: most have no tumour.
    """

    def __init__(self) -> None:
        self._mapped: dict[tuple[int, str], Location] = {}
        self._present: set[tuple[int, str]] = set()

    def note(self, part: SeriesLabels, found: Inspected | None) -> None:
        """Takes the segment map of a series, and what was found in its segmentations."""
        if found is None:
            return
        for value, name in part.segment_map.items():
            if value not in found.unused:
                self._present.add((value, name))
            elif (value, name) not in self._mapped:
                self._mapped[value, name] = part.locate((MAP, str(value)))

    def problems(self) -> Iterator[Problem]:
        """A warning for each value with its category, at the first map that has it."""
        for (value, name), place in self._mapped.items():
            if (value, name) not in self._present:
                message = f'no segmentation has the value {value}, "{name}"'
                yield Problem("unused-value", message, place, _HINT)
