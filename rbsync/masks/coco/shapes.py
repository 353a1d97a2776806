"""Polygons and run-length codes of COCO -> runs of pixels, outside and inside by turns.

Runs go down the columns, from the left one on. Sources: for run lengths, maskApi.c of the COCO API
(rleFrString and rleDecode); for polygons, pycocotools itself, which draws them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.labels.scalars import kind_of, shown
from rbsync.masks.error import MaskError, ShapeError
from rbsync.masks.outlines.runs import portions

Corners = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

# pycocotools trusts what it is given: it makes room for every step of an outline, and writes where
# a corner is that no number of 32 bits can say. Each step may need up to 100 bytes, so the pixels
# along the outlines of an annotation are limited before it draws them.
LONGEST_OUTLINE = 1 << 22

_NUMBERS = frozenset((int, float))

_AT_ONCE = 1024
"""Shapes that are read together. One by one each would cost a hundred calls of NumPy."""

_FEWEST = 6
"""Numbers of a polygon."""


def coder_of(file: str) -> Any:
    """The module that draws polygons. Raises MaskError where it is not installed."""
    try:
        # Imported only for polygons: run lengths need no extra.
        return import_module("pycocotools.mask")
    except ImportError:
        hint = "pip install 'rbsync[coco]'"
        message = "COCO annotations need pycocotools"
        raise MaskError("missing-extra", message, hint=hint, file=file) from None


def read_runs(
    shapes: Sequence[Any], width: int, height: int, coder: Any
) -> Iterator[list[Numbers | ShapeError]]:
    """Yields the runs of shapes, some at a time, and an error in place of those of a bad one.

    A shape is a list of polygons or a run-length code; ``coder`` is what `coder_of` gives, None
    where there are no polygons.
    """
    for first in range(0, len(shapes), _AT_ONCE):
        some = shapes[first : first + _AT_ONCE]
        lengths = _lengths(some, width, height)
        weights = [
            length if length >= 0 else _weight(one)
            for one, length in zip(some, lengths, strict=True)
        ]
        for part in portions(np.array(weights, np.int64), LONGEST_OUTLINE):
            yield _runs_of_some(some[part], lengths[part], width, height, coder)


def _weight(shape: Any) -> int:
    """The letters of a code, of which about as many runs come."""
    counts = shape.get("counts") if isinstance(shape, Mapping) else None
    return len(counts) if isinstance(counts, str | bytes | list) else 0


def _runs_of_some(
    shapes: Sequence[Any], lengths: Sequence[int], width: int, height: int, coder: Any
) -> list[Numbers | ShapeError]:
    fine = [one for one, length in zip(shapes, lengths, strict=True) if length >= 0]
    drawn = iter(_runs_of_polygons(fine, width, height, coder))
    return [
        next(drawn) if length >= 0 else _runs_of_one(one, width, height, coder)
        for one, length in zip(shapes, lengths, strict=True)
    ]


def _runs_of_one(shape: Any, width: int, height: int, coder: Any) -> Numbers | ShapeError:
    try:
        if isinstance(shape, Mapping):
            return _runs_of_code(shape, width, height)
        if isinstance(shape, list):
            _check_polygons(shape, width, height)
            return _runs_of_polygons([shape], width, height, coder)[0]
        return ShapeError(f"it is {kind_of(shape)}, neither a list of polygons nor RLE")
    except ShapeError as error:
        return error


_APART = -1
"""The length of an outline that is to be looked at by itself: something is wrong with it."""


def _lengths(shapes: Sequence[Any], width: int, height: int) -> list[int]:
    """The steps along the outlines of each shape; `_APART` for all but polygons without faults."""
    lengths = np.full(len(shapes), _APART, np.int64)
    places = [at for at, one in enumerate(shapes) if _are_polygons(one)]
    polygons = [one for at in places for one in shapes[at]]
    if not polygons:
        return lengths.tolist()
    try:
        corners = np.array([*chain.from_iterable(polygons)], np.float64).reshape(-1, 2)
    except OverflowError:
        return lengths.tolist()
    firsts = _firsts([len(one) // 2 for one in polygons])
    size = np.array((width, height))
    near = np.logical_and.reduce((corners >= -size) & (corners <= 2 * size), axis=1)
    # What is not near may be no number, or have no steps that can be counted.
    steps = np.where(near, np.ceil(_steps(np.where(near[:, None], corners, 0.0), firsts)) + 1, 0)
    own = firsts[_firsts([len(shapes[at]) for at in places])]
    sums = np.add.reduceat(steps, own).astype(np.int64)
    fine = np.logical_and.reduceat(near, own) & (sums <= LONGEST_OUTLINE)
    lengths[places] = np.where(fine, sums, _APART)
    return lengths.tolist()


def _are_polygons(shape: Any) -> bool:
    """Tells whether a shape is a list of polygons as nearly all are."""
    if type(shape) is not list or not shape:
        return False
    for one in shape:
        if type(one) is not list or len(one) < _FEWEST or len(one) % 2:
            return False
        if not _NUMBERS.issuperset(map(type, one)):
            return False
    return True


def _firsts(counts: Sequence[int] | Numbers) -> Numbers:
    """The places where so many each begin, one after the other."""
    found: Numbers = np.cumsum(counts, dtype=np.int64) - counts
    return found


def _steps(corners: Corners, firsts: Numbers) -> npt.NDArray[np.float64]:
    """The steps from each corner to the next one of its polygon."""
    after = np.arange(1, len(corners) + 1)
    after[[*(firsts[1:] - 1), -1]] = firsts
    found: npt.NDArray[np.float64] = np.abs(corners[after] - corners).max(axis=1)
    return found


def _runs_of_polygons(
    shapes: Sequence[list[list[float]]], width: int, height: int, coder: Any
) -> list[Numbers]:
    """The runs of what the polygons of each shape cover together."""
    if not shapes:
        return []
    polygons = [*chain.from_iterable(shapes)]
    codes = coder.frPyObjects(polygons, height, width)
    if len(codes) > len(shapes):
        rest = iter(codes)
        groups = ([next(rest) for _ in one] for one in shapes)
        codes = [one[0] if len(one) == 1 else coder.merge(one) for one in groups]
    return _runs_of_codes([one["counts"] for one in codes])


def _runs_of_codes(texts: Sequence[bytes]) -> list[Numbers]:
    """As `_uncompressed`, of codes that pycocotools made."""
    values, lasts = _numbers(b"".join(texts))
    counts = np.diff(np.searchsorted(lasts, np.cumsum([len(one) for one in texts])), prepend=0)
    firsts = _firsts(counts)
    places = np.arange(len(values)) - np.repeat(firsts, counts)
    for odd in (0, 1):
        # The first number is one by itself; of the others each second one goes on from the last.
        chosen = np.flatnonzero((places & 1 == odd) & (places > 0))
        sums = np.cumsum(values[chosen])
        begins = np.flatnonzero(places[chosen] <= 2)
        before = np.where(begins > 0, sums[begins - 1], 0)
        values[chosen] = sums - np.repeat(before, np.diff(begins, append=len(chosen)))
    bounds = zip(firsts.tolist(), (firsts + counts).tolist(), strict=True)
    return [values[begin:end] for begin, end in bounds]


def _check_polygons(polygons: list[Any], width: int, height: int) -> None:
    """Raises ShapeError for what is no polygon, is far outside of the picture, or is too long.

    A polygon is ``[x, y, x, y, …]`` in pixels.
    """
    if not polygons:
        raise ShapeError("it is empty")
    corners = [_corners(one, f"polygon {place}") for place, one in enumerate(polygons)]
    for place, one in enumerate(corners):
        _refuse_far(one, f"polygon {place}", width, height)
    _refuse_long(corners)


def _corners(polygon: Any, title: str) -> Corners:
    """The corners (n, 2) of one polygon."""
    if not isinstance(polygon, list):
        raise ShapeError(f"{title} is {kind_of(polygon)}, not a list [x, y, x, y, …]")
    if len(polygon) < _FEWEST or len(polygon) % 2:
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
    return int(np.ceil(_steps(corners, np.zeros(1, np.int64))).sum()) + len(corners)


_MOST_PARTS = 12  # of five bits: with the sign's they stay within 64


# pycocotools is not asked for run lengths: it does not tell when runs end before the picture does,
# and gives what was in memory there.
def _runs_of_code(code: Mapping[str, Any], width: int, height: int) -> Numbers:
    """The runs of ``{"size": [height, width], "counts": …}``.

    The counts are a list of integers, or compressed: str or bytes. Raises ShapeError unless they
    are the pixels of the picture, together.
    """
    size = code.get("size")
    if not isinstance(size, list | tuple) or list(size) != [height, width]:
        raise ShapeError(f"its size is {shown(size)}, its image's {[height, width]}")
    return _runs(code.get("counts"), width * height)


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
    numbers, _ = _numbers(text.encode(errors="surrogatepass") if isinstance(text, str) else text)
    # Differences within the picture cannot overflow when they are added up.
    _refuse_impossible(numbers, -pixels, pixels)
    numbers[1::2] = np.cumsum(numbers[1::2])
    numbers[2::2] = np.cumsum(numbers[2::2])
    _refuse_impossible(numbers, 0, pixels)
    return numbers


def _numbers(text: bytes) -> tuple[Numbers, Numbers]:
    """Numbers of five bits a character, the lowest first, and where the last of each stands.

    Bit 5 of a character says that the number goes on, bit 4 of its last one that it is negative.
    """
    codes = np.frombuffer(text, np.uint8).astype(np.int64) - ord("0")
    if not len(codes):
        return codes, codes
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
    return values, ends


def _refuse_impossible(numbers: Numbers, least: int, most: int) -> None:
    wrong = numbers[(numbers < least) | (numbers > most)]
    if len(wrong):
        raise _impossible(int(wrong[0]), most)


def _impossible(number: int, pixels: int) -> ShapeError:
    return ShapeError(f"its counts have {shown(number)}, in an image of {pixels:,} pixels")
