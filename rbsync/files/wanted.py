"""Tells a thread that what it reads is not wanted any more: a file of a terabyte takes an hour."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class UnwantedError(Exception):
    """Nobody waits any more for what is being read."""


class Wanted:
    """Tells those who read for somebody, in whatever thread, when that one has gone."""

    def __init__(self) -> None:
        # Compiled code looks at it between two pieces of a file.
        self._has_gone = ctypes.c_int(0)

    def give_up(self) -> None:
        """Has all that is being read end with UnwantedError, at its next piece."""
        self._has_gone.value = 1

    def run(self, work: Callable[[], T]) -> T:
        """Does what reads, in this thread."""
        _thread.has_gone = self._has_gone
        try:
            return work()
        finally:
            _thread.has_gone = None


class _Thread(threading.local):
    has_gone: ctypes.c_int | None = None


_thread = _Thread()


def check() -> None:
    """Raises UnwantedError when nobody waits for what this thread reads."""
    if _thread.has_gone is not None and _thread.has_gone.value:
        raise UnwantedError


def flag() -> ctypes.c_int | None:
    """A number that compiled code looks at, 0 while somebody waits; None where that is sure."""
    return _thread.has_gone
