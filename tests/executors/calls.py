"""Calls that workers make for the tests."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from rbsync.errors import Problem, UserError


def times(number: int, by: int) -> int:
    return number * by


def big(size: int) -> bytes:
    return b"x" * size


def wrong(name: str) -> int:
    raise UserError([Problem("wrong", f"{name} is wrong", hint="mend it")], hint="all of it")


def unreadable(here: int) -> int:
    """Fails but in one process."""
    if os.getpid() != here:
        raise OSError(5, "the worker's disk is gone")
    return 7


def killed_once(mark: str) -> int:
    """Kills the first process that makes it."""
    if not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 5


def killed_but(here: int) -> int:
    """Kills whoever makes it, but one process."""
    if os.getpid() != here:
        os.kill(os.getpid(), signal.SIGKILL)
    return 3


def process() -> int:
    return os.getpid()


def read_without_end() -> None:
    read_without_end()


class Unread:
    """A call that no worker can read."""

    def __reduce__(self) -> tuple[object, ...]:
        return read_without_end, ()

    def __call__(self) -> int:
        return 7
