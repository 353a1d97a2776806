"""Tasks that come back whatever becomes of the workers: what is lost is done here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from typing import Any, Protocol

from rbsync.errors import RbsyncError
from rbsync.executors.batches import Call, do_all
from rbsync.executors.errands import Ground, Refused, packed, run_errand
from rbsync.executors.returned_answers import found_in

LOST = "Workers were lost; what they had was done here instead."
_RENEWALS = 10


class Doers(Protocol):
    """Those who do tasks: a kind of executor."""

    def open(self) -> Executor:
        """Makes an executor, also another one when the last broke. Raises RbsyncError."""

    def close(self) -> None:
        """Lets go of all of them, without waiting for tasks."""

    def refusal(self, refused: Refused) -> RbsyncError:
        """Returns what a worker's refusal means to the user."""


class Task(Future[list[Any]]):
    """A task on its way. Whoever waits for one that was lost does it."""

    def __init__(self, calls: Sequence[Call], lost: Callable[[str], None]) -> None:
        super().__init__()
        self._calls, self._lost = calls, lost
        self.inner: Future[Any] | None = None

    @property
    def number(self) -> int:
        """The number of its calls."""
        return len(self._calls)

    def result(self, timeout: float | None = None) -> list[Any]:
        """The answers to the calls, as `do_all` gives them. Raises TimeoutError."""
        try:
            return super().result(timeout)
        except Exception as error:
            if not self.done():
                raise
            # Calls of pure functions: to do one twice does no harm, whatever became of the first.
            self._lost(f"{error}: it is done here." if isinstance(error, RbsyncError) else LOST)
            return do_all(self._calls)

    def cancel(self) -> bool:
        if self.inner is not None:
            self.inner.cancel()
        return super().cancel()


class Helpers:
    """Hands lists of calls to an executor, and takes the answers in. For any thread."""

    def __init__(self, doers: Doers, ground: Ground, note: Callable[[str], None]) -> None:
        """``note`` is told once when work was lost. Raises RbsyncError."""
        self._doers, self._ground, self._note = doers, ground, note
        self._lock = threading.Lock()
        self._renewals = 0
        self._executor = doers.open()

    def hand_out(self, calls: Sequence[Call]) -> Task:
        """Has calls made by one worker, in their order."""
        task = Task(calls, self._was_lost)
        try:
            task.inner = self._submitted(packed(self._ground, calls))
        except Exception as error:  # whatever keeps it from leaving, it is done here
            task.set_exception(error)
        else:
            task.inner.add_done_callback(lambda done: self._came(task, done))
        return task

    def _submitted(self, task: bytes) -> Future[Any]:
        with self._lock:
            try:
                return self._executor.submit(run_errand, task)
            except BrokenExecutor:
                # A pool of processes is of no use any more once the system has killed one of them.
                self._renewals += 1
                if self._renewals > _RENEWALS:
                    raise
                self._executor = self._doers.open()
                return self._executor.submit(run_errand, task)

    def _came(self, task: Task, done: Future[Any]) -> None:
        if not task.set_running_or_notify_cancel():
            return
        try:
            came = done.result()
            if isinstance(came, Refused):
                raise self._doers.refusal(came)
            task.set_result(found_in(self._ground.folder, came, task.number))
        except BaseException as error:  # whatever it is, whoever waits has to know
            task.set_exception(error)

    def _was_lost(self, why: str) -> None:
        with self._lock:
            note, self._note = self._note, lambda _: None
        note(why)
