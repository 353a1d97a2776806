"""Rings: the exact outlines of all classes of a picture, as arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.masks.outlines.runs import runs

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Rings:
    """The rings of a class index of ``height`` rows and ``width`` columns.

    Ring ``i`` has the corners ``vertices[firsts[i]:firsts[i] + counts[i]]``, belongs to class
    ``values[i]`` and is a hole if ``holes[i]``. ``vertices`` is int32 of shape (n, 2), x then y on
    the pixel grid; ``firsts`` and ``counts`` int64, ``values`` uint32, ``holes`` bool (rings,).
    A ring is open, has corners only where its direction changes, begins at its topmost, then
    leftmost corner and keeps its class on the right. Order: class, regions before holes, then
    the first corner from top to bottom and left to right. The vertices of a ring lie together,
    the rings among them in no order: to sort those too would cost as much as to find them.
    """

    width: int
    height: int
    vertices: Array
    firsts: Array
    counts: Array
    values: Array
    holes: Array

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, ring: int) -> Array:
        """The corners of one ring, int32 (corners, 2)."""
        first = self.firsts[ring]
        return self.vertices[first : first + self.counts[ring]]

    def by_class(self) -> Iterator[tuple[int, slice, slice]]:
        """For every class present: its value, the slice of its regions and that of its holes."""
        for run in runs(self.values):
            middle = run.stop - int(np.count_nonzero(self.holes[run]))
            yield int(self.values[run.start]), slice(run.start, middle), slice(middle, run.stop)


def in_order(
    shape: tuple[int, int], vertices: Array, counts: Array, values: Array, holes: Array
) -> Rings:
    """Rings that lie one after the other in ``vertices``, brought into the order of `Rings`."""
    height, width = shape
    firsts = np.cumsum(counts) - counts
    # Rings are found nearly in raster order, of which a stable sort makes use; sorting the few
    # distinct groups after that is a radix sort.
    raster = np.argsort(
        vertices[firsts, 1].astype(np.int64) * (width + 1) + vertices[firsts, 0], kind="stable"
    )
    group = values.astype(np.uint64) * np.uint64(2) + holes
    group = group.astype(np.min_scalar_type(int(group.max(initial=0))))
    order = raster[np.argsort(group[raster], kind="stable")]
    columns = (column[order] for column in (firsts, counts, values, holes))
    return Rings(width, height, vertices, *columns)
