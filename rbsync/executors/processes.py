"""Processes on this machine. Each loads the program anew, which takes a second of its time."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from types import ModuleType
from typing import Any, TypeVar

from rbsync.errors import RbsyncError
from rbsync.executors.errands import Refused

T = TypeVar("T")


class Processes:
    """As many as there are processors. Satisfies ``Doers``."""

    def __init__(self) -> None:
        self._pools: list[ProcessPoolExecutor] = []

    def open(self) -> ProcessPoolExecutor:
        # Not forked: a thread of this process may hold a lock that the copy would wait for.
        pool = _Pool(os.cpu_count() or 1, multiprocessing.get_context("spawn"), initializer=_begin)
        self._pools.append(pool)
        return pool

    def close(self) -> None:
        for one in self._pools:
            one.shutdown(wait=False, cancel_futures=True)

    def refusal(self, refused: Refused) -> RbsyncError:
        return RbsyncError(f"a process of this machine does not see {refused.path}")


class _Pool(ProcessPoolExecutor):
    """Processes that begin as tasks come, and know nothing of the program that runs here."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        with _without_main():
            return super().submit(fn, *args, **kwargs)


@contextmanager
def _without_main() -> Iterator[None]:
    """Keeps the program that runs here from the processes that begin meanwhile."""
    # Each would run it once more to have its functions: a script of the user's, that plans and
    # applies, would apply as often as there are processes.
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _begin() -> None:
    """Done by each process when it begins."""
    # Ctrl-C in a terminal is for all of them, and whoever waits for this one is told.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    # Each holds an end of the pipe that the others read from: of a parent that was killed none of
    # them hears, and all would stay.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
