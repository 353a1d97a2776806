"""Masks that one command reads to plan with, and once more to draw.

To unpack a PNG, or to paint the outlines that a project has, takes ten times as long as to unpack
what is kept of it here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rbsync.masks.classes.class_index import ClassIndex
from rbsync.model.fingerprint import digest

Array = npt.NDArray[Any]
ROOM = 64 << 20
"""Bytes of all that is kept: some 500 masks of 1024 x 1024 pixels with frayed edges, twice."""
_LARGEST = 1 << 22
"""Bytes of one that is kept: beside a scan of a square metre there would be no room for others."""


class _Runs(NamedTuple):
    """A class index as runs of one class, row by row."""

    lengths: Array
    classes: Array
    shape: tuple[int, ...]
    names: tuple[str, ...]
    transparent: int

    @property
    def size(self) -> int:
        return int(self.lengths.nbytes + self.classes.nbytes)

    def unpacked(self) -> ClassIndex:
        pixels = np.repeat(self.classes, self.lengths).reshape(self.shape)
        return ClassIndex(pixels, self.names, self.transparent)


class _Seen:
    """Masks by what they were read from, the first ones while there is room. For any thread."""

    def __init__(self) -> None:
        self._lock, self._kept, self._room = threading.Lock(), dict[str, _Runs](), ROOM

    def read(self, key: str, make: Callable[[], ClassIndex | None]) -> ClassIndex | None:
        found = self._kept.get(key)
        if found is not None:
            return found.unpacked()
        made = make()
        # Those that are drawn are the first of a plan, and they are planned first.
        if made is not None and self._room > 0:
            self._keep(key, _runs_of(made))
        return made

    def _keep(self, key: str, runs: _Runs) -> None:
        with self._lock:
            if runs.size <= min(self._room, _LARGEST) and key not in self._kept:
                self._kept[key] = runs
                self._room -= runs.size


def _runs_of(index: ClassIndex) -> _Runs:
    flat = index.pixels.reshape(-1)
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    lengths = np.diff(starts, append=len(flat))
    small = lengths.astype(np.min_scalar_type(int(lengths.max())))
    return _Runs(small, flat[starts], index.pixels.shape, index.names, index.transparent)


_seen: _Seen | None = None


@contextmanager
def seen_masks_kept() -> Iterator[None]:
    """Keeps the masks that are read until the end: only for a command that draws them, too."""
    global _seen
    _seen = _Seen()
    try:
        yield
    finally:
        _seen = None


def of_files(recipe: str, contents: str, make: Callable[[], ClassIndex]) -> ClassIndex:
    """The mask of files with these content identities, made where it is not kept."""
    seen = _seen
    found = seen.read(f"{contents} {recipe}", make) if seen is not None else None
    return found if found is not None else make()


def of_text(text: str, make: Callable[[], ClassIndex | None]) -> ClassIndex | None:
    """The mask of the JSON text of labels, made where it is not kept."""
    seen = _seen
    if seen is None:
        return make()
    return seen.read(digest(text.encode("utf-8", "surrogatepass")), make)
