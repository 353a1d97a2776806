"""Run-length codes of COCO, compressed or not -> pixels.

Source: maskApi.c of the COCO API, rleFrString and rleDecode. pycocotools is not asked: it does
not tell when runs end before the picture does, and gives what was in memory there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.labels.scalars import kind_of, shown
from rbsync.masks.error import ShapeError

Numbers = npt.NDArray[np.int64]

_MOST_PARTS = 12  # of five bits: with the sign's they stay within 64


def decode_rle(code: Mapping[str, Any], width: int, height: int) -> npt.NDArray[np.uint8]:
    """The mask (height, width) of ``{"size": [height, width], "counts": …}``, 1 inside.

    The counts are a list of integers, or compressed: str or bytes. Raises ShapeError unless they
    are the pixels of the picture, together.
    """
    size = code.get("size")
    if not isinstance(size, list | tuple) or list(size) != [height, width]:
        raise ShapeError(f"its size is {shown(size)}, its image's {[height, width]}")
    runs = _runs(code.get("counts"), width * height)
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
