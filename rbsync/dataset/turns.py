"""Turns for what takes much memory: several large files at once would take it several times."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

SMALL = 64 << 20
"""Bytes that any number of workers may take at the same time."""

_turn = threading.Lock()


@contextmanager
def in_turn(size: int) -> Iterator[None]:
    """Waits until no other large file is being decoded; ``size`` is what it takes, in bytes."""
    if size <= SMALL:
        yield
        return
    with _turn:
        yield
