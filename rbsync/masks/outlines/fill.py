"""Rings -> pixels, in time proportional to what they enclose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rbsync.masks.outlines.runs import portions

Array = npt.NDArray[Any]

_PIXELS_AT_ONCE = 1 << 20
_CORNERS_AT_ONCE = 1 << 16
_LONG = 16
"""Pixels of a run from which on it is set by itself."""
_FEW = 100
"""Runs up to which it is not worth while to sort them."""


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
    return paint_each(canvas, [(value, outline)])


def paint_each(canvas: Array, drawn: Iterable[tuple[int, Outline]]) -> int:
    """Paints outlines with their values, a later one upon the earlier; as `paint` does.

    Returns the sum of their pixels, those included that others were painted upon.
    """
    return sum(_paint_some(canvas, some) for some in _groups(drawn))


def _groups(drawn: Iterable[tuple[int, Outline]]) -> Iterator[list[tuple[int, Outline]]]:
    """Outlines of about so many corners together."""
    # Most labels have few corners, and what NumPy takes to begin is longer than its work for them.
    group: list[tuple[int, Outline]] = []
    corners = 0
    for one in drawn:
        group.append(one)
        corners += len(one[1].corners)
        if corners > _CORNERS_AT_ONCE:
            yield group
            group, corners = [], 0
    if group:
        yield group


def _paint_some(canvas: Array, drawn: list[tuple[int, Outline]]) -> int:
    outlines = [one for _, one in drawn if len(one.counts)]
    if not outlines:
        return 0
    values = np.array([value for value, one in drawn if len(one.counts)], canvas.dtype)
    own = np.repeat(np.arange(len(outlines)), [len(one.corners) for one in outlines])
    whole = Outline(*map(np.concatenate, zip(*outlines, strict=True)))
    rows, columns, steps, owners = _crossings(_edges(whole, own), canvas.shape)
    height, width = canvas.shape
    # By one number, which takes a fraction of the time of three sorts.
    order = np.argsort((owners * height + rows) * (width + 1) + columns)
    rows, columns, depth, owners = (
        rows[order],
        columns[order],
        np.cumsum(steps[order]),
        owners[order],
    )
    # Every ring enters and leaves each row, so the depth is 0 again where a row ends.
    # Exactly one: a pixel in a region and its hole is at depth 0, and one in two regions at once is
    # in neither, as the encoding defines it.
    inside = np.flatnonzero(depth[:-1] == 1)
    starts = rows[inside] * canvas.shape[1] + columns[inside]
    lengths = columns[inside + 1] - columns[inside]
    _fill(canvas.reshape(-1), starts, lengths, values[owners[inside]])
    return int(lengths.sum())


def _fill(flat: Array, starts: Array, lengths: Array, values: Array) -> None:
    """Sets runs of pixels, one after the other."""
    total = int(lengths.sum())
    if len(starts) > _FEW and _fill_apart(flat, starts, lengths, values):
        return
    if total > len(lengths) * _LONG:
        ends = (starts + lengths).tolist()
        for start, end, value in zip(starts.tolist(), ends, values.tolist(), strict=True):
            flat[start:end] = value
        return
    # Of single pixels a loop would take as long for each as for a whole run.
    for portion in portions(lengths, _PIXELS_AT_ONCE):
        length = lengths[portion]
        ends = np.cumsum(length)
        pixels = np.arange(ends[-1]) + np.repeat(starts[portion] - (ends - length), length)
        # Of a pixel that is named twice the last value stays.
        flat[pixels] = np.repeat(values[portion], length)


def _fill_apart(flat: Array, starts: Array, lengths: Array, values: Array) -> bool:
    """Sets runs that have no pixel in common, all at once; says whether there are only such."""
    order = np.argsort(starts, kind="stable")
    first, length = starts[order], lengths[order]
    ends = first + length
    if (first[1:] < ends[:-1]).any():
        return False
    # The pixels from the first run to the last one are gaps and runs by turns.
    turns = np.zeros(2 * len(first) - 1, np.int64)
    turns[::2], turns[1::2] = length, first[1:] - ends[:-1]
    own = np.zeros(len(turns), values.dtype)
    own[::2] = values[order]
    part = flat[first[0] : ends[-1]]
    # What others painted stays in the gaps.
    if turns[1::2].any():
        drawn = np.repeat(np.arange(len(turns)) % 2 == 0, turns)
        np.copyto(part, np.repeat(own, turns), where=drawn)
    else:
        part[:] = np.repeat(own, turns)
    return True


class _Edges(NamedTuple):
    """The edges that cross rows, column by column: from corner to corner, winding, and whose."""

    x0: Array
    y0: Array
    x1: Array
    y1: Array
    signs: Array
    owners: Array


def _edges(outline: Outline, owners: Array) -> _Edges:
    """The edges of rings, with a sign that makes every ring wind the same way."""
    corners, counts, signs = outline
    ends = np.cumsum(counts)
    # Column by column: of whole rows each step takes several times as long.
    x0, y0 = np.ascontiguousarray(corners.T)
    # Rings come open or closed; a closed one gets an edge of no length, which crosses nothing.
    after = np.arange(1, len(corners) + 1)
    after[ends - 1] = ends - counts
    x1, y1 = x0[after], y0[after]
    # Other tools wind their rings either way, holes included.
    winding = signs * np.sign(np.add.reduceat(x0 * y1 - x1 * y0, ends - counts))
    rising = np.flatnonzero(y0 != y1)
    every = (x0, y0, x1, y1, np.repeat(winding, counts), owners)
    return _Edges(*(one[rising] for one in every))


def _crossings(edges: _Edges, shape: tuple[int, ...]) -> tuple[Array, ...]:
    """Returns where edges cross the middle lines of pixel rows.

    That is the row, the first column beyond, the step, and whose edge it is.
    """
    height, width = shape
    x0, y0, x1, y1, signs, owners = edges
    top = np.clip(np.minimum(y0, y1), 0, height)
    spans = np.clip(np.maximum(y0, y1), 0, height) - top
    edge = np.repeat(np.arange(len(x0)), spans)
    rows = np.arange(len(edge)) - np.repeat(np.cumsum(spans) - spans, spans) + top[edge]
    columns = x0[edge]
    # Those of masks are upright, and cross each row where they begin.
    if (x0 != x1).any():
        # First column c with c + 1/2 >= x at y = row + 1/2, in exact integer arithmetic.
        rise, run = (y1 - y0)[edge], (x1 - x0)[edge]
        above = run * (2 * rows + 1 - 2 * y0[edge]) - rise
        # With floats the centre of a pixel that lies on an edge would fall to one side or the
        # other by rounding.
        columns = columns - np.floor_divide(-above, 2 * rise)
    steps = np.where(y1 < y0, signs, -signs)[edge]
    return rows, np.clip(columns, 0, width), steps, owners[edge]
