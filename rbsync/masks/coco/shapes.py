"""Polygons and run-length codes of COCO -> pixels.

Sources: for run lengths, maskApi.c of the COCO API (rleFrString and rleDecode); for polygons,
pycocotools itself, which draws them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.labels.scalars import kind_of, shown
from rbsync.masks.error import ShapeError

Corners = npt.NDArray[np.float64]

# pycocotools trusts what it is given: it makes room for every step of an outline, and writes where
# a corner is that no number of 32 bits can say. Each step may need up to 100 bytes, so the pixels
# along the outlines of an annotation are limited before it draws them.
LONGEST_OUTLINE = 1 << 22

_NUMBERS = frozenset((int, float))


def draw_polygons(
    polygons: list[Any], width: int, height: int, coder: Any
) -> npt.NDArray[np.uint8]:
    """The mask (height, width) of what the polygons cover together, 1 inside.

    A polygon is ``[x, y, x, y, …]`` in pixels; ``coder`` is the module pycocotools.mask. Raises
    ShapeError for what is no polygon, or is far outside of the picture.
    """
    if not polygons:
        raise ShapeError("it is empty")
    corners = [_corners(one, f"polygon {place}") for place, one in enumerate(polygons)]
    for place, one in enumerate(corners):
        _refuse_far(one, f"polygon {place}", width, height)
    _refuse_long(corners)
    codes = coder.frPyObjects([one.ravel() for one in corners], height, width)
    mask: npt.NDArray[np.uint8] = coder.decode(coder.merge(codes))
    return mask


def _corners(polygon: Any, title: str) -> Corners:
    """The corners (n, 2) of one polygon."""
    if not isinstance(polygon, list):
        raise ShapeError(f"{title} is {kind_of(polygon)}, not a list [x, y, x, y, …]")
    if len(polygon) < 6 or len(polygon) % 2:
        raise ShapeError(f"{title} has {len(polygon)} numbers, not x and y of 3 corners or more")
    if not _NUMBERS.issuperset(map(type, polygon)):
        wrong = next(one for one in polygon if type(one) not in _NUMBERS)
        raise ShapeError(f"{title} has {shown(wrong)}, which is no number")
    try:
        return np.array(polygon, np.float64).reshape(-1, 2)
    except OverflowError:
        raise ShapeError(f"{title} has a number of hundreds of digits") from None


def _refuse_far(corners: Corners, title: str, width: int, height: int) -> None:
    size = np.array((width, height))
    # A corner that is no number is in no range.
    # Annotators drag corners a little over the edge, which is cut off. A corner a whole picture
    # away is a wrong unit or a wrong image.
    far = ~((corners >= -size) & (corners <= 2 * size)).all(axis=1)
    if far.any():
        x, y = corners[far][0]
        raise ShapeError(
            f"{title} has the corner ({x:g}, {y:g}), far outside of its image, "
            f"which is {width} x {height}"
        )


def _refuse_long(polygons: list[Corners]) -> None:
    length = sum(_length(one) for one in polygons)
    if length > LONGEST_OUTLINE:
        raise ShapeError(
            f"its outline is {length:,} pixels long, more than the limit of {LONGEST_OUTLINE:,}"
        )


def _length(corners: Corners) -> int:
    """The steps along a closed outline, at least one from each corner to the next."""
    steps = np.abs(np.diff(corners, axis=0, append=corners[:1])).max(axis=1)
    return int(np.ceil(steps).sum()) + len(corners)


Numbers = npt.NDArray[np.int64]

_MOST_PARTS = 12  # of five bits: with the sign's they stay within 64


# pycocotools is not asked for run lengths: it does not tell when runs end before the picture does,
# and gives what was in memory there.
def decode_rle(code: Mapping[str, Any], width: int, height: int) -> npt.NDArray[np.uint8]:
    """The mask (height, width) of ``{"size": [height, width], "counts": …}``, 1 inside.

    The counts are a list of integers, or compressed: str or bytes. Raises ShapeError unless they
    are the pixels of the picture, together.
    """
    size = code.get("size")
    if not isinstance(size, list | tuple) or list(size) != [height, width]:
        raise ShapeError(f"its size is {shown(size)}, its image's {[height, width]}")
    runs = _runs(code.get("counts"), width * height)
    # Runs begin outside: a mask that covers the first pixel has a first run of 0.
    inside = (np.arange(len(runs)) & 1).astype(np.uint8)
    return np.repeat(inside, runs).reshape((height, width), order="F")


def _runs(counts: Any, pixels: int) -> Numbers:
    """The lengths of the runs, outside and inside by turns, which add up to ``pixels``."""
    if isinstance(counts, list):
        runs = _integers(counts, pixels)
    elif isinstance(counts, str | bytes):
        runs = _uncompressed(counts, pixels)
    else:
        raise ShapeError(f"its counts are {kind_of(counts)}, neither a list nor a string")
    found = int(runs.sum())
    # Runs that end early are what an interrupted export leaves.
    if found != pixels:
        raise ShapeError(f"its counts are {found:,} pixels together, its image's {pixels:,}")
    return runs


def _integers(counts: list[Any], pixels: int) -> Numbers:
    for one in counts:
        if type(one) is not int:
            raise ShapeError(f"its counts have {shown(one)}, which is no integer")
    for one in (min(counts, default=0), max(counts, default=0)):
        if not 0 <= one <= pixels:
            raise _impossible(one, pixels)
    return np.array(counts, np.int64)


def _uncompressed(text: str | bytes, pixels: int) -> Numbers:
    """The runs of a compressed code: from the fourth on each is told less the last but one."""
    numbers = _numbers(text.encode(errors="surrogatepass") if isinstance(text, str) else text)
    # Differences within the picture cannot overflow when they are added up.
    _refuse_impossible(numbers, -pixels, pixels)
    numbers[1::2] = np.cumsum(numbers[1::2])
    numbers[2::2] = np.cumsum(numbers[2::2])
    _refuse_impossible(numbers, 0, pixels)
    return numbers


def _numbers(text: bytes) -> Numbers:
    """Numbers of five bits a character, the lowest first.

    Bit 5 of a character says that the number goes on, bit 4 of its last one that it is negative.
    """
    codes = np.frombuffer(text, np.uint8).astype(np.int64) - ord("0")
    if not len(codes):
        return codes
    if codes.min() < 0 or codes.max() > 63:
        raise ShapeError("its counts have a character that compressed counts do not have")
    ends = np.flatnonzero(codes & 32 == 0)
    if not len(ends) or ends[-1] != len(codes) - 1:
        raise ShapeError("its counts end within a number")
    lengths = np.diff(ends, prepend=-1)
    if lengths.max() > _MOST_PARTS:
        raise ShapeError(f"its counts have a number of more than {5 * _MOST_PARTS} bits")
    firsts = ends - lengths + 1
    places = np.arange(len(codes)) - np.repeat(firsts, lengths)
    values: Numbers = np.add.reduceat((codes & 31) << 5 * places, firsts)
    values -= (codes[ends] >> 4 & 1) << 5 * lengths
    return values


def _refuse_impossible(numbers: Numbers, least: int, most: int) -> None:
    wrong = numbers[(numbers < least) | (numbers > most)]
    if len(wrong):
        raise _impossible(int(wrong[0]), most)


def _impossible(number: int, pixels: int) -> ShapeError:
    return ShapeError(f"its counts have {shown(number)}, in an image of {pixels:,} pixels")
