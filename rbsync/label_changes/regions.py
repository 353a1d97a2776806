"""Regions of a grid of classes: what hangs together, also over corners."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Regions(NamedTuple):
    """The regions of a grid: the class of each, and a number that is 0 where nothing is kept."""

    classes: Array
    kept: Array


def regions_of(grid: Array, kept: Array) -> Regions:
    """The regions of a grid (z, y, x) of classes, 0 being none, ``kept`` (z, y, x) being true.

    The cost is in proportion to the runs of equal cells along x, beside one pass over all.
    """
    framed = _framed(grid)
    flat, held = framed.reshape(-1), _framed(kept).reshape(-1)
    starts = run_starts(flat[1:] != flat[:-1])
    ends = np.append(starts[1:], len(flat))
    counts = _kept_in(starts, held)
    labelled = flat[starts] != 0
    starts, ends, counts = starts[labelled], ends[labelled], counts[labelled]
    if not len(starts):
        return Regions(np.zeros(0, grid.dtype), np.zeros(0, np.int64))
    classes = flat[starts]
    roots = _roots(starts, ends, classes, _next_rows(framed.shape))
    first, number = np.unique(roots, return_inverse=True)
    return Regions(classes[first], np.bincount(number, counts).astype(np.int64))


def run_starts(*breaks: Array) -> Array:
    """The places where runs start; ``breaks`` (n - 1,) are true where a cell begins another."""
    at = breaks[0] if len(breaks) == 1 else np.logical_or(*breaks)
    return np.concatenate([[0], np.flatnonzero(at) + 1])


def _kept_in(starts: Array, kept: Array) -> Array:
    """Counts the runs of kept cells that begin in each run, or reach into it from before."""
    begins = np.flatnonzero(kept[1:] & ~kept[:-1]) + 1
    found = np.bincount(np.searchsorted(starts, begins, "right") - 1, minlength=len(starts))
    return found + kept[starts]


def _framed(grid: Array) -> Array:
    # A cell of nothing at each end of a row, or the end of one would touch the start of the next.
    depth = 1 if grid.shape[0] > 1 else 0
    return np.pad(grid, ((depth, depth), (1, 1), (1, 1)))


def _next_rows(shape: tuple[int, ...]) -> list[int]:
    """The distances in memory of the neighbours that a row touches after itself."""
    slice_, row = shape[1] * shape[2], shape[2]
    deeper = [slice_ - row, slice_, slice_ + row] if shape[0] > 1 else []
    return [row, *deeper]


def _roots(starts: Array, ends: Array, classes: Array, steps: list[int]) -> Array:
    """The first run of the region that each run is part of."""
    pairs = [_touching(starts, ends, classes, step) for step in steps]
    one = np.concatenate([first for first, _ in pairs])
    other = np.concatenate([second for _, second in pairs])
    parent = np.arange(len(starts))
    while True:
        low = np.minimum(parent[one], parent[other])
        high = np.maximum(parent[one], parent[other])
        apart = low != high
        if not apart.any():
            return parent
        one, other = one[apart], other[apart]
        np.minimum.at(parent, high[apart], low[apart])
        parent = _flattened(parent)


def _flattened(parent: Array) -> Array:
    while True:
        above = parent[parent]
        if np.array_equal(above, parent):
            return parent
        parent = above


def _touching(starts: Array, ends: Array, classes: Array, step: int) -> tuple[Array, Array]:
    """Pairs of runs of one class that touch, ``step`` cells apart, over corners too."""
    low = np.searchsorted(ends, starts + step, side="left")
    high = np.searchsorted(starts, ends + step, side="right")
    many = np.maximum(high - low, 0)
    one = np.repeat(np.arange(len(starts)), many)
    other = np.arange(len(one)) - np.repeat(np.cumsum(many) - many, many) + low[one]
    same = classes[one] == classes[other]
    return one[same], other[same]
