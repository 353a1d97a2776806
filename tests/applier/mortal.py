"""A process that dies at a chosen moment: from then on nothing has any effect."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from rbsync.backends.base import Backend
from rbsync.stores.base import Writer
from tests.applier.faulty import Chooser, Fault, Faulty, at_random
from tests.applier.wrapped_writer import WrappedWriter

T = TypeVar("T")
POINTS = tuple(
    f"{when} {method}"
    for method in ("upload", "create", "update", "delete", "find", "intend", "commit")
    for when in ("before", "after")
)


class CrashError(BaseException):
    """The process is dead."""


class Life:
    """Ends at the n-th time that a point is reached; a point of "" is never reached."""

    def __init__(self, point: str = "", nth: int = 1) -> None:
        self._point, self._left = point, nth
        self._lock = threading.Lock()
        self.over = False

    @contextmanager
    def step(self, method: str) -> Iterator[None]:
        self._reach(f"before {method}")
        yield
        self._reach(f"after {method}")

    def _reach(self, point: str) -> None:
        with self._lock:
            if point == self._point:
                self._left -= 1
                self.over = self.over or self._left == 0
            if self.over:
                raise CrashError(point)


class MortalBackend(Faulty):
    """A faulty backend whose caller has one life."""

    def __init__(self, backend: Backend, choose: Chooser, life: Life, **more: Any) -> None:
        super().__init__(backend, choose, **more)
        self._life = life

    def _begin(self, method: str, about: tuple[str, ...]) -> Fault:
        with self._life.step(f"call {method}"):
            return super()._begin(method, about)

    def _end(
        self, method: str, about: Sequence[str], effect: Callable[[Any], T], fault: Fault
    ) -> T:
        with self._life.step(method):
            return super()._end(method, about, effect, fault)


class MortalWriter(WrappedWriter):
    """A writer whose owner has one life."""

    def __init__(self, writer: Writer, life: Life) -> None:
        super().__init__(writer)
        self._life = life

    def _step(self, method: str) -> AbstractContextManager[None]:
        return self._life.step(method)


def by_call(seed: int, rate: float) -> Chooser:
    """Random faults that depend on what is called, not on which worker comes first."""
    counts: Counter[tuple[str, tuple[str, ...]]] = Counter()

    def choose(method: str, about: tuple[str, ...]) -> Fault | None:
        counts[method, about] += 1
        chance = random.Random(f"{seed} {method} {about} {counts[method, about]}")
        return at_random(chance.randrange(1 << 30), rate)(method, about)

    return choose


def wait_for_workers() -> None:
    """What the dead process still had under way comes to its end."""
    for thread in threading.enumerate():
        if thread.name.startswith("rbsync-") and thread is not threading.current_thread():
            thread.join(10)
