"""Rings -> pixels, in time proportional to what they enclose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rbsync.masks.outlines.runs import portions

Array = npt.NDArray[Any]

_PIXELS_AT_ONCE = 1 << 20


class Outline(NamedTuple):
    """Rings of one label, one after the other, open or closed.

    ``corners`` int64 (n, 2); ``counts`` int64 (rings,), each at least 1; ``signs`` int64 (rings,),
    1 for a region and -1 for a hole.
    """

    corners: Array
    counts: Array
    signs: Array


def paint(canvas: Array, value: int, outline: Outline) -> int:
    """Set the pixels of ``canvas`` (h, w) that lie in exactly one region more than holes.

    Returns how many they are. What lies outside of the canvas is cut off.
    """
    if not len(outline.counts):
        return 0
    rows, columns, steps = _crossings(_edges(outline), canvas.shape)
    order = np.lexsort((columns, rows))
    rows, columns, depth = rows[order], columns[order], np.cumsum(steps[order])
    # Every ring enters and leaves each row, so the depth is 0 again where a row ends.
    # Exactly one: a pixel in a region and its hole is at depth 0, and one in two regions at once is
    # in neither, as the encoding defines it.
    inside = np.flatnonzero(depth[:-1] == 1)
    starts = rows[inside] * canvas.shape[1] + columns[inside]
    lengths = columns[inside + 1] - columns[inside]
    flat = canvas.reshape(-1)
    for pixels in _spans(starts, lengths):
        flat[pixels] = value
    return int(lengths.sum())


def _edges(outline: Outline) -> Array:
    """Columns x0, y0, x1, y1, sign of the edges; the sign makes every ring wind the same way."""
    corners, counts, signs = outline
    ends = np.cumsum(counts)
    after = np.roll(corners, -1, axis=0)
    # Rings come open or closed; a closed one gets an edge of no length, which crosses nothing.
    after[ends - 1] = corners[ends - counts]
    products = corners[:, 0] * after[:, 1] - after[:, 0] * corners[:, 1]
    # Other tools wind their rings either way, holes included.
    winding = signs * np.sign(np.add.reduceat(products, ends - counts))
    edges: Array = np.column_stack([corners, after, np.repeat(winding, counts)])
    rising: Array = edges[corners[:, 1] != after[:, 1]]
    return rising


def _crossings(edges: Array, shape: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """Returns where edges cross the middle lines of pixel rows: row, first column beyond, step."""
    height, width = shape
    x0, y0, x1, y1, signs = edges.T
    top = np.clip(np.minimum(y0, y1), 0, height)
    spans = np.clip(np.maximum(y0, y1), 0, height) - top
    edge = np.repeat(np.arange(len(edges)), spans)
    rows = np.arange(len(edge)) - np.repeat(np.cumsum(spans) - spans, spans) + top[edge]
    # First column c with c + 1/2 >= x at y = row + 1/2, in exact integer arithmetic.
    rise, run = (y1 - y0)[edge], (x1 - x0)[edge]
    above = run * (2 * rows + 1 - 2 * y0[edge]) - rise
    # With floats the centre of a pixel that lies on an edge would fall to one side or the other by
    # rounding.
    columns = x0[edge] - np.floor_divide(-above, 2 * rise)
    steps = np.where(rise < 0, signs[edge], -signs[edge])
    return rows, np.clip(columns, 0, width), steps


def _spans(starts: Array, lengths: Array) -> Iterator[Array]:
    """The pixels of runs, in portions of bounded size."""
    for portion in portions(lengths, _PIXELS_AT_ONCE):
        length = lengths[portion]
        ends = np.cumsum(length)
        yield np.arange(ends[-1]) + np.repeat(starts[portion] - (ends - length), length)
