"""A command that dies in its middle, within this process, and people who work while it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any
from unittest import mock

from rbsync.applier.recovery_file import RecoveryFile
from rbsync.backends.local.project import LocalProject
from rbsync.backends.redbrick import changing
from rbsync.backends.redbrick.http.transport import Transport
from rbsync.stores.history.sqlite import SqliteHistory
from rbsync.stores.writing import SqliteWriter
from tests.applier.mortal import CrashError

Call = Callable[..., Any]
Mended = tuple[type, str, Callable[[Call], Call]]


class OneLife:
    """The life of one command.

    It ends at its n-th step: a request, or a durable write; 0 for never. ``after`` says that this
    step is still done, and only its answer is lost. From then on nothing has any effect.
    ``meanwhile`` is called right before each of the looks that come before a change.
    """

    def __init__(self, step: int, *, after: bool, meanwhile: Callable[[], None]) -> None:
        self._last, self._after = step, after
        self._meanwhile = meanwhile
        self._lock = threading.Condition()
        self._steps = 0
        self._under_way = 0
        self._is_over = False
        self._has_begun = False

    @contextmanager
    def lived(self, *, embedded: bool) -> Iterator[None]:
        """Has a command that is run in the block live this life."""
        with ExitStack() as stack:
            durable: list[Mended] = [
                (SqliteWriter, "intend", self._intending),
                *((SqliteHistory, name, self._step) for name in ("begin", "note", "keep", "end")),
                (SqliteWriter, "commit", self._step),
                (RecoveryFile, "keep", self._step),
            ]
            looks: list[Mended] = [
                (changing._Looks, "unasked", self._look),
                (changing.Changer, "delete", self._look),
                (changing.Changer, "put_away", self._look),
            ]
            sent: list[Mended] = [(Transport, "send", self._step)]
            if embedded:
                changes = ("update", "rename", "delete_named")
                looks = [(LocalProject, name, self._look) for name in changes]
                sent = [(LocalProject, name, self._step) for name in (*changes, "create")]
            for owner, name, wrapped in (*durable, *sent, *looks):
                method = wrapped(getattr(owner, name))
                stack.enter_context(mock.patch.object(owner, name, method))
            try:
                yield
            finally:
                # What the dead process still had under way comes to its end.
                with self._lock:
                    assert self._lock.wait_for(lambda: not self._under_way, 20)

    def _step(self, method: Call) -> Call:
        @wraps(method)
        def step(*given: Any, **named: Any) -> Any:
            is_last = self._begin()
            try:
                done = method(*given, **named)
            finally:
                self._end(is_last)
            return done

        return step

    def _begin(self) -> bool:
        with self._lock:
            self._steps += 1
            is_last = self._steps == self._last
            self._is_over = self._is_over or (is_last and not self._after)
            if self._is_over:
                raise CrashError
            self._under_way += 1
            return is_last

    def _end(self, is_last: bool) -> None:
        with self._lock:
            self._under_way -= 1
            self._lock.notify_all()
            self._is_over = self._is_over or is_last
            if self._is_over:
                raise CrashError

    def _intending(self, method: Call) -> Call:
        step = self._step(method)

        @wraps(method)
        def intend(*given: Any) -> None:
            step(*given)
            self._has_begun = True

        return intend

    def _look(self, method: Call) -> Call:
        @wraps(method)
        def look(*given: Any, **named: Any) -> Any:
            if self._has_begun and not self._is_over:
                self._meanwhile()
            return method(*given, **named)

        return look
