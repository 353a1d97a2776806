"""The corners of a class index, at which rings turn, found with array operations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# Headings, in the order in which the nodes of a vertex are numbered.
RIGHT, LEFT, DOWN, UP = range(4)

# A ring keeps its class on the right. Around a vertex lie the pixels NW, NE, SW, SE; the first
# four corners turn right around one pixel, the others left around the one that is not the class.
# (arrives heading, leaves heading) of each:
TURNS = (
    (UP, RIGHT), (RIGHT, DOWN), (LEFT, UP), (DOWN, LEFT),  # round SE, SW, NE, NW
    (LEFT, DOWN), (UP, LEFT), (DOWN, RIGHT), (RIGHT, UP),  # without SE, SW, NE, NW
)  # fmt: skip
AROUND_SE, AROUND_SW, AROUND_NE, AROUND_NW = 1, 2, 4, 8
MAIN_DIAGONAL, OTHER_DIAGONAL = 1, 2

_STRIP = 1 << 19


class Corners(NamedTuple):
    """The vertices at which some ring turns, in raster order.

    ``positions`` are y * (width + 1) + x, int32 or int64; ``turns`` uint8 has bit i for
    ``TURNS[i]``; ``saddles`` uint8 says on which diagonals one class meets itself.
    """

    positions: Array
    turns: Array
    saddles: Array


def find_corners(index: Array) -> Corners:
    """The corners of all classes of a class index (h, w); class 0 has none."""
    height, width = index.shape
    # Half the memory for all but pictures of two thousand million pixels.
    kind = np.int32 if (height + 1) * (width + 1) < 2**31 else np.int64
    rows = max(1, _STRIP // (width + 2))
    parts = [
        _strip_corners(strip, top * (width + 1), kind) for top, strip in _padded_strips(index, rows)
    ]
    return Corners(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _padded_strips(index: Array, rows: int) -> Iterator[tuple[int, Array]]:
    """Rows top-1 to top+rows-1 of the picture with a border of zeros around it."""
    height, width = index.shape
    for top in range(0, height + 1, rows):
        bottom = min(top + rows, height + 1)
        # A border of background around the picture: without it every edge of the picture would be a
        # case of its own.
        strip = np.zeros((bottom - top + 1, width + 2), index.dtype)
        first, last = max(top - 1, 0), min(bottom, height)
        strip[first - (top - 1) : last - (top - 1), 1:-1] = index[first:last]
        yield top, strip


def _strip_corners(strip: Array, offset: int, kind: Any) -> tuple[Array, Array, Array]:
    beside = strip[:, 1:] != strip[:, :-1]
    below = strip[1:] != strip[:-1]
    top, bottom, left, right = beside[:-1], beside[1:], below[:, :-1], below[:, 1:]
    at = np.flatnonzero((top | bottom) & (left | right))
    row, column = np.divmod(at.astype(np.int32), np.int32(top.shape[1]))
    nw, ne = strip[row, column], strip[row, column + 1]
    sw, se = strip[row + 1, column], strip[row + 1, column + 1]
    turns = _TURNS_OF[_situation(nw, ne, sw, se)]
    # Where one class meets itself at a corner only, the two pixels are apart. Joined, the ring
    # would touch itself, and programs differ in what is inside of such a ring.
    saddles = _saddle(turns, AROUND_SE | AROUND_NW, nw == se) * np.uint8(MAIN_DIAGONAL)
    saddles |= _saddle(turns, AROUND_SW | AROUND_NE, sw == ne) * np.uint8(OTHER_DIAGONAL)
    some = turns != 0
    return at[some].astype(kind) + kind(offset), turns[some], saddles[some]


def _saddle(turns: Array, both: int, same: Array) -> Array:
    saddle: Array = ((turns & both) == both) & same
    return saddle


def _situation(nw: Array, ne: Array, sw: Array, se: Array) -> Array:
    """Eight bits: which pixels beside each other differ, and which are of a class at all."""
    bits = (nw != ne, sw != se, nw != sw, ne != se, nw != 0, ne != 0, sw != 0, se != 0)
    situation = np.zeros(len(nw), np.uint8)
    for place, bit in enumerate(bits):
        situation |= bit.view(np.uint8) << np.uint8(place)
    return situation


def _turns_of(situation: int) -> int:
    top, bottom, left, right, nw, ne, sw, se = (bool(situation >> i & 1) for i in range(8))
    turns = (
        bottom and right and se,
        bottom and left and sw,
        top and right and ne,
        top and left and nw,
        not top and not left and bottom and right and nw,
        not top and not right and bottom and left and ne,
        not bottom and not left and top and right and sw,
        not bottom and not right and top and left and se,
    )
    return sum(1 << i for i, turn in enumerate(turns) if turn)


# All 256 situations around a vertex are worked out once. A table cannot forget a case that a chain
# of conditions can.
_TURNS_OF = np.array([_turns_of(situation) for situation in range(256)], np.uint8)
