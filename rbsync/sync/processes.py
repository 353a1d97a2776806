"""Work of the processor alone, done where it is asked for, or in processes once it is much."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import count
from typing import TypeVar

T = TypeVar("T")

WORTH_IT = 100
"""Calls after which processes pay for their start, of about half a second."""


class Processes:
    """Calls functions that can be pickled; for any number of threads, each waits for its own.

    The first calls are done in the thread that asks, and so are those that come while processes
    start. The others go to as many processes as there are processors: threads share one
    interpreter, which the smaller steps of a conversion hold.
    """

    def __init__(self, number: int | None = None, worth_it: int = WORTH_IT) -> None:
        """Never starts any when ``number`` is less than 2."""
        self._number = len(os.sched_getaffinity(0)) if number is None else number
        self._worth_it = worth_it
        self._calls = count()
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._started: list[Future[None]] = []

    def __call__(self, work: Callable[[], T]) -> T:
        if self._number < 2 or next(self._calls) < self._worth_it:
            return work()
        try:
            pool = self._ready_pool()
            return pool.submit(work).result() if pool else work()
        except BrokenProcessPool:
            # Killed by somebody, or for want of memory: what is left is done more slowly.
            self._number = 0
            return work()

    def _ready_pool(self) -> ProcessPoolExecutor | None:
        """The processes, None while they start. Raises BrokenProcessPool."""
        with self._lock:
            if self._pool is None:
                self._pool = _start(self._number)
                self._started = [self._pool.submit(_warm_up) for _ in range(self._number)]
        if not all(one.done() for one in self._started):
            return None
        for one in self._started:
            one.result()
        return self._pool

    def close(self) -> None:
        """Ends the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def _start(number: int) -> ProcessPoolExecutor:
    from multiprocessing import get_context

    # Not forked: other threads may hold locks, which would stay locked in a copy.
    return ProcessPoolExecutor(number, get_context("spawn"), _begin)


def _begin() -> None:
    """An interrupt is for the parent to deal with; without it nothing is left to do here."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _warm_up() -> None:
    """Imports what conversions need."""
    import rbsync.masks  # noqa: F401  (that it is imported is all)


def _end_with_parent() -> None:
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
