"""Which classes a picture has, and other numbers for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.kernel import compiled

Array = npt.NDArray[Any]

_AT_ONCE = 1 << 20


def present(index: ClassIndex) -> list[int]:
    """The values of the classes that have a pixel, ascending. Raises IndexError for others."""
    seen = np.zeros(len(index.names) + 1, np.bool_)
    mark = compiled.mark if compiled.available() else mark_with_numpy
    for part in _parts(index.pixels.reshape(-1)):
        mark(part, seen)
    return [int(value) for value in np.flatnonzero(seen[1:]) + 1]


def renumbered(pixels: Array, table: Array) -> Iterator[Array]:
    """Yields what ``table`` (classes + 1,) has for each of the pixels (n,), in parts of its type.

    That type is unsigned and not larger than that of the pixels. Raises IndexError for a pixel
    that has no place in the table.
    """
    renumber = compiled.renumber if compiled.available() else renumber_with_numpy
    for part in _parts(pixels):
        out = np.empty(len(part), table.dtype)
        renumber(part, table, out)
        yield out


def mark_with_numpy(pixels: Array, seen: Array) -> None:
    """The twin of `compiled.mark`. Only the first pixel of every run is looked at."""
    seen[pixels[:1]] = True
    seen[pixels[1:][pixels[1:] != pixels[:-1]]] = True


def renumber_with_numpy(pixels: Array, table: Array, out: Array) -> None:
    """The twin of `compiled.renumber`."""
    np.take(table, pixels, out=out)


def _parts(flat: Array) -> Iterator[Array]:
    flat = np.ascontiguousarray(flat)
    return (flat[start : start + _AT_ONCE] for start in range(0, len(flat), _AT_ONCE))
