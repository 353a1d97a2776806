"""Rings -> JSON text, straight from the arrays."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rbsync.masks.kernel import compiled
from rbsync.masks.outlines.rings import Rings
from rbsync.masks.outlines.runs import portions

Array = npt.NDArray[Any]

_CORNERS_AT_ONCE = 1 << 18


class RingsText(NamedTuple):
    """Rings as the JSON text ``[[x,y],...],[...]``, and where that of each ring ends in it.

    There are no spaces, and no outermost brackets.
    """

    text: memoryview
    ends: Array

    def part(self, rings: slice) -> memoryview:
        """The text of some rings that follow each other."""
        if rings.start == rings.stop:
            return self.text[:0]
        start = self.ends[rings.start - 1] + 1 if rings.start else 0
        return self.text[start : self.ends[rings.stop - 1]]


def rings_text(rings: Rings) -> RingsText:
    """The text of all rings, in their order."""
    write = compiled.write_rings if compiled.available() else write_rings_with_numpy
    largest = max(rings.width, rings.height)
    return RingsText(*write(rings.vertices, rings.firsts, rings.counts, largest))


def write_rings_with_numpy(
    vertices: Array, firsts: Array, counts: Array, largest: int
) -> tuple[memoryview, Array]:
    """The twin of `compiled.write_rings`."""
    numbers = _number_texts(largest)
    texts: list[bytes] = []
    ends = [np.zeros(0, np.int64)]
    written = 0
    for part in portions(counts, _CORNERS_AT_ONCE):
        text, its_ends = _part_text(vertices, firsts[part], counts[part], numbers)
        texts.append(text)
        ends.append(its_ends + written)
        written += len(text) + 1
    return memoryview(b",".join(texts)), np.concatenate(ends)


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


def _part_text(
    vertices: Array, firsts: Array, counts: Array, numbers: Array
) -> tuple[bytes, Array]:
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
    line[:, 5 + 2 * digits] = ord(",")
    # A zero byte is in no JSON: it marks the places of digits that a number does not have.
    written = line != 0
    commas = np.cumsum(np.count_nonzero(written, axis=1))[ends - 1] - 1
    return line[written][:-1].tobytes(), commas
