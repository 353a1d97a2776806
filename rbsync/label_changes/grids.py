"""Two grids of classes, pictures or volumes, compared cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.label_changes.change_kinds import ClassChange
from rbsync.label_changes.regions import Regions, regions_of, run_starts

Array = npt.NDArray[Any]

_AT_ONCE = 1 << 20


def compared(before: Array, after: Array, names: Sequence[str]) -> tuple[ClassChange, ...]:
    """The classes of two grids of one shape, (z, y, x), that differ, by name.

    Both are of unsigned integers; ``v`` stands for ``names[v - 1]`` in both, 0 for nothing.
    """
    gained, lost, had, has = _totals(before, after, len(names))
    values = [int(one) for one in np.flatnonzero(gained[1:] + lost[1:]) + 1]
    # Without a change there is no box around the changes to be made.
    if not values:
        return ()
    added, removed = _new_regions(before, after, len(names))
    found = [
        ClassChange(
            names[one - 1],
            int(gained[one]),
            int(lost[one]),
            int(had[one]),
            int(has[one]),
            int(added[one]),
            int(removed[one]),
        )
        for one in values
    ]
    return tuple(sorted(found))


def counted(before: Array, after: Array, names: Sequence[str]) -> tuple[ClassChange, ...]:
    """The classes of two grids of different shapes: only their numbers, before and after."""
    had, has = _counts(before, len(names)), _counts(after, len(names))
    found = [
        ClassChange(
            names[one - 1],
            max(0, int(has[one] - had[one])),
            max(0, int(had[one] - has[one])),
            int(had[one]),
            int(has[one]),
        )
        for one in range(1, len(names) + 1)
    ]
    return tuple(sorted(one for one in found if one.before or one.after))


def _totals(before: Array, after: Array, classes: int) -> Array:
    """The numbers of cells that each class gained, lost, had and has: (4, classes + 1)."""
    totals = np.zeros((4, classes + 1), np.int64)
    old, new = before.reshape(-1), after.reshape(-1)
    for start in range(0, len(old), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        totals += _of_runs(old[part], new[part], classes)
    return totals


def _of_runs(old: Array, new: Array, classes: int) -> Array:
    # Masks are runs of one class: only the first cell of each run of both is looked at.
    starts = run_starts(old[1:] != old[:-1], new[1:] != new[:-1])
    lengths = np.diff(starts, append=len(old))
    one, other = old[starts], new[starts]
    gone = lengths * (one != other)

    def count(of: Array, weights: Array) -> Array:
        return np.bincount(of, weights, classes + 1).astype(np.int64)

    return np.stack(
        [count(other, gone), count(one, gone), count(one, lengths), count(other, lengths)]
    )


def _counts(grid: Array, classes: int) -> Array:
    found: Array = _totals(grid, grid, classes)[2]
    return found


def _new_regions(before: Array, after: Array, classes: int) -> tuple[Array, Array]:
    """The numbers of regions of each class that are added, and removed."""
    # A region that reaches out of the box around all changes has a cell in its frame, which is
    # kept: so the rest need not be looked at.
    box = _around_changes(before, after)
    old, new = before[box], after[box]
    kept = old == new
    return _unkept(regions_of(new, kept), classes), _unkept(regions_of(old, kept), classes)


def _unkept(found: Regions, classes: int) -> Array:
    return np.bincount(found.classes[found.kept == 0], minlength=classes + 1)


def _around_changes(before: Array, after: Array) -> tuple[slice, ...]:
    """The box around all changes, with one cell on each side where there is one."""
    differs = before != after
    box = []
    for axis in range(3):
        others = tuple(one for one in range(3) if one != axis)
        places = np.flatnonzero(differs.any(axis=others))
        box.append(slice(max(0, int(places[0]) - 1), int(places[-1]) + 2))
    return tuple(box)
