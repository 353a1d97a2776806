"""Signals are heard also when they interrupt no wait of the main thread."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue

from rbsync.cli.signals import heard

PATIENCE = 30.0
"""Seconds for what comes at once: one that does not come never would."""


@contextmanager
def deaf(number: signal.Signals) -> Iterator[None]:
    """The main thread takes no such signal: another one does, and nothing wakes this one."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def test_one_that_interrupts_no_wait_is_heard() -> None:
    came: SimpleQueue[str] = SimpleQueue()
    with heard({signal.SIGTERM: lambda: came.put("term")}), deaf(signal.SIGTERM):
        os.kill(os.getpid(), signal.SIGTERM)
        assert came.get(timeout=PATIENCE) == "term"


def test_each_is_heard_in_turn() -> None:
    came: SimpleQueue[str] = SimpleQueue()
    handlers: dict[int, Callable[[], None]] = {
        signal.SIGTERM: lambda: came.put("term"),
        signal.SIGINT: lambda: came.put("int"),
    }
    with heard(handlers):
        for number, name in ((signal.SIGINT, "int"), (signal.SIGTERM, "term")) * 2:
            os.kill(os.getpid(), number)
            assert came.get(timeout=PATIENCE) == name


def test_those_from_before_are_put_back() -> None:
    came: SimpleQueue[str] = SimpleQueue()
    outer = signal.getsignal(signal.SIGTERM)
    with heard({signal.SIGTERM: lambda: came.put("outer")}):
        with heard({signal.SIGTERM: lambda: came.put("inner")}):
            os.kill(os.getpid(), signal.SIGTERM)
            assert came.get(timeout=PATIENCE) == "inner"
        os.kill(os.getpid(), signal.SIGTERM)
        assert came.get(timeout=PATIENCE) == "outer"
    assert signal.getsignal(signal.SIGTERM) == outer


def test_one_that_came_at_the_very_end_is_heard() -> None:
    came = []
    with heard({signal.SIGTERM: lambda: came.append("term")}):
        os.kill(os.getpid(), signal.SIGTERM)
    assert came == ["term"]
