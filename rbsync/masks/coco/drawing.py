"""Runs of pixels -> the JSON text of their outlines, many at a time.

Only the part of a picture that an annotation lies in is made, a hundredth of it as a rule. The
parts of many annotations are laid out on one canvas, each in its own colour, and traced at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rbsync.masks.coco.shapes import Numbers
from rbsync.masks.outlines.json_text import RingsText, rings_text
from rbsync.masks.outlines.rings import Rings
from rbsync.masks.outlines.runs import portions
from rbsync.masks.outlines.tracing import trace

_COLOURS = 255
_CANVAS = 1 << 22
"""Pixels of parts that are laid out at once; a larger part has a canvas of its own."""


class Outlines(NamedTuple):
    """The rings of an annotation as JSON text, without the outermost brackets.

    Both are empty for one that covers no pixel.
    """

    regions: str
    holes: str


class Patches(NamedTuple):
    """The parts of a picture that annotations cover, and the inside of their runs there.

    ``boxes`` (n, 4) are left, top, width and height of each; a width of 0 is that of an annotation
    that covers no pixel. ``counts`` (n,) says how many runs each has; ``starts`` and ``stops`` are
    their first pixels and those behind them, counted down the columns of the part.
    """

    boxes: Numbers
    counts: Numbers
    starts: Numbers
    stops: Numbers

    @property
    def areas(self) -> Numbers:
        """The pixels of each part."""
        found: Numbers = self.boxes[:, 2] * self.boxes[:, 3]
        return found


def patches_of(runs: Sequence[Numbers], height: int) -> Patches:
    """The parts of a picture of so many rows that annotations cover."""
    lengths = np.concatenate(runs)
    counts = np.array([len(one) for one in runs])
    firsts = np.cumsum(counts) - counts
    ends = np.cumsum(lengths)
    # All runs of an annotation are a whole picture together, and they begin outside: a mask that
    # covers the first pixel has a first run of 0.
    places = np.arange(len(lengths)) - np.repeat(firsts, counts)
    inside = np.flatnonzero((places & 1 == 1) & (lengths > 0))
    owner = np.repeat(np.arange(len(runs)), counts)[inside]
    stops = ends[inside] - owner * int(lengths[: counts[0]].sum())
    return _boxed(stops - lengths[inside], stops, owner, len(runs), height)


def _boxed(starts: Numbers, stops: Numbers, owner: Numbers, number: int, height: int) -> Patches:
    counts = np.bincount(owner, minlength=number)
    boxes = np.zeros((number, 4), np.int64)
    if not len(starts):
        return Patches(boxes, counts, starts, stops)
    seen = np.flatnonzero(counts)
    firsts = (np.cumsum(counts) - counts)[seen]
    (left, top), (right, bottom) = np.divmod(starts, height), np.divmod(stops - 1, height)
    # A run that goes on in the next column covers the last row of one and the first of the other.
    goes_on = np.logical_or.reduceat(left != right, firsts)
    low = np.where(goes_on, 0, np.minimum.reduceat(top, firsts))
    high = np.where(goes_on, height - 1, np.maximum.reduceat(bottom, firsts))
    first, last = left[firsts], right[firsts + counts[seen] - 1]
    boxes[seen] = np.stack((first, low, last - first + 1, high - low + 1), axis=1)
    lefts, tops, _, rows = boxes[owner].T
    return Patches(
        boxes,
        counts,
        (left - lefts) * rows + (top - tops),
        (right - lefts) * rows + (bottom - tops) + 1,
    )


def outlines_of(patches: Patches, width: int, height: int) -> Iterator[list[Outlines]]:
    """Yields the outlines of some parts at a time, in the pixels of their whole picture."""
    firsts = np.cumsum(patches.counts) - patches.counts
    for some in portions(patches.areas, _CANVAS):
        for begin in range(some.start, some.stop, _COLOURS):
            end = min(begin + _COLOURS, some.stop)
            runs = slice(firsts[begin], firsts[end - 1] + patches.counts[end - 1])
            part = Patches(
                patches.boxes[begin:end],
                patches.counts[begin:end],
                patches.starts[runs],
                patches.stops[runs],
            )
            yield _traced(part, width, height)


def _traced(part: Patches, width: int, height: int) -> list[Outlines]:
    canvas, corners = _laid_out(part)
    rings = trace(canvas)
    # An outline of a part of a picture is that of the picture, moved.
    moves = (part.boxes[:, :2] - corners).astype(np.int32)
    vertices = _moved(rings, moves[rings.values.astype(np.int64) - 1])
    columns = rings.firsts, rings.counts, rings.values, rings.holes
    text = rings_text(Rings(width, height, vertices, *columns))
    return _by_part(rings, text, len(part.counts))


def _by_part(rings: Rings, text: RingsText, number: int) -> list[Outlines]:
    """The text of each of so many parts, whose rings have its number, from 1 on, as their class."""
    whole = str(text.text, "ascii")
    parts = np.arange(1, number + 1)
    values = rings.values.astype(np.int64)
    # In the order of `Rings` those of a class lie together, its holes last.
    first, last = np.searchsorted(values, parts), np.searchsorted(values, parts, side="right")
    middle = last - np.bincount(values[rings.holes], minlength=number + 1)[1:]
    # A text that ends before it begins is none: of a part without rings, or without holes.
    begins, ends = np.append(0, text.ends + 1), np.append(0, text.ends)
    bounds = np.stack((begins[first], ends[middle], begins[middle], ends[last]), axis=1)
    return [Outlines(whole[a:b], whole[c:d]) for a, b, c, d in bounds.tolist()]


def _moved(rings: Rings, moves: npt.NDArray[np.int32]) -> npt.NDArray[Any]:
    """The corners of rings, each ring moved by as much as it is given."""
    ends = np.cumsum(rings.counts)
    number = int(ends[-1]) if len(ends) else 0
    starts = rings.firsts - (ends - rings.counts)
    at = np.arange(number) + np.repeat(starts, rings.counts)
    vertices = rings.vertices.copy()
    vertices[at] += np.repeat(moves, rings.counts, axis=0)
    return vertices


def _laid_out(part: Patches) -> tuple[npt.NDArray[np.uint8], Numbers]:
    """A canvas with all parts, each in its colour from 1 on, and where the corner of each is."""
    corners, (rows, columns) = _places(part.boxes)
    canvas = np.zeros((rows, columns), np.uint8)
    # Down the columns, as the runs go.
    turned = canvas.T
    flat, begin = _flat(part), 0
    for (x, y), (_, _, wide, high) in zip(corners.tolist(), part.boxes.tolist(), strict=True):
        end = begin + wide * high
        turned[x : x + wide, y : y + high] = flat[begin:end].reshape(wide, high)
        begin = end
    return canvas, corners


def _flat(part: Patches) -> npt.NDArray[np.uint8]:
    """The pixels of all parts, one after the other, each down its columns."""
    areas = part.areas
    before = np.repeat(np.cumsum(areas) - areas, part.counts)
    bounds = np.zeros(2 * len(part.starts) + 2, np.int64)
    bounds[1:-1:2], bounds[2:-1:2] = part.starts + before, part.stops + before
    bounds[-1] = areas.sum()
    colours = np.zeros(len(bounds) - 1, np.uint8)
    colours[1::2] = np.repeat(np.arange(1, len(areas) + 1, dtype=np.uint8), part.counts)
    return np.repeat(colours, np.diff(bounds))


def _places(boxes: Numbers) -> tuple[Numbers, tuple[int, int]]:
    """The corners (n, 2) of the parts on a canvas, and its rows and columns.

    Parts of about one height stand beside each other in shelves, with a pixel between them: those
    that touch would be traced as they are alone only by the grace of how rings are found.
    """
    corners = [(0, 0)] * len(boxes)
    sizes = boxes[:, 2:] + 1
    # Taken out of their arrays at once: one by one that takes as long as all the rest here.
    sides = sizes.tolist()
    limit = max(int(sizes[:, 0].max()), int(1.2 * np.sqrt(sizes.prod(axis=1).sum())))
    x = y = shelf = most = 0
    for at in np.argsort(-sizes[:, 1], kind="stable").tolist():
        wide, high = sides[at]
        if x and x + wide > limit:
            x, y, shelf = 0, y + shelf, 0
        corners[at] = x, y
        x += wide
        # The highest come first, and so does the highest of a shelf.
        shelf = shelf or high
        if x > most:
            most = x
    return np.array(corners, np.int64).reshape(-1, 2), (y + shelf, most)
