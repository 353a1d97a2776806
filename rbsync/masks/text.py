"""Rings -> JSON text, straight from the arrays."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.masks import kernel
from rbsync.masks.rings import Rings
from rbsync.masks.runs import portions

Array = npt.NDArray[Any]

_CORNERS_AT_ONCE = 1 << 18


def rings_text(rings: Rings, part: slice) -> bytes | memoryview:
    """Some rings as the JSON text ``[[x,y],...],[...]``, without spaces and outermost brackets."""
    if part.start == part.stop:
        return b""
    write = kernel.write_rings if kernel.available() else write_rings_with_numpy
    largest = max(rings.width, rings.height)
    return write(rings.vertices, rings.firsts[part], rings.counts[part], largest)


def write_rings_with_numpy(vertices: Array, firsts: Array, counts: Array, largest: int) -> bytes:
    """The twin of `kernel.write_rings`."""
    numbers = _number_texts(largest)
    parts = portions(counts, _CORNERS_AT_ONCE)
    return b",".join(_part_text(vertices, firsts[part], counts[part], numbers) for part in parts)


@lru_cache(maxsize=2)
def _number_texts(largest: int) -> Array:
    """Row i holds the digits of i, with zero bytes where there are none."""
    digits = len(str(largest))
    numbers = np.arange(largest + 1)
    texts = np.empty((largest + 1, digits), np.uint8)
    for place in range(digits):
        power = 10 ** (digits - 1 - place)
        digit = numbers // power % 10 + ord("0")
        texts[:, place] = np.where((numbers >= power) | (power == 1), digit, 0)
    return texts


def _part_text(vertices: Array, firsts: Array, counts: Array, numbers: Array) -> bytes:
    ends = np.cumsum(counts)
    corners = vertices[np.arange(ends[-1]) + np.repeat(firsts - (ends - counts), counts)]
    digits = numbers.shape[1]
    line = np.zeros((len(corners), 2 * digits + 6), np.uint8)
    line[ends - counts, 0] = ord("[")
    line[:, 1] = ord("[")
    line[:, 2 : 2 + digits] = numbers[corners[:, 0]]
    line[:, 2 + digits] = ord(",")
    line[:, 3 + digits : 3 + 2 * digits] = numbers[corners[:, 1]]
    line[:, 3 + 2 * digits] = ord("]")
    line[ends - 1, 4 + 2 * digits] = ord("]")
    line[:-1, 5 + 2 * digits] = ord(",")
    text: Array = line[line != 0]
    return text.tobytes()
