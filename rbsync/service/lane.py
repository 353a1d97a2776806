"""The one thread that asks and changes the project, for many who wait at the same time.

Whatever waits when the last commit has ended is done together and shares the next one: a commit
takes longer than many operations, and threads that take turns cost more than the operations do.
Nobody gets an answer before all that it may have seen is durable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, NamedTuple, TypeVar

from rbsync.backends.local.database import Database
from rbsync.errors import BackendError

MOST = 100
"""Operations that may share a commit, so that the first does not wait for ever."""

T = TypeVar("T")


class _Job(NamedTuple):
    work: Callable[[], Any]
    future: asyncio.Future[Any]


class _Done(NamedTuple):
    answer: Any = None
    error: BaseException | None = None


class Lane:
    """Does one thing after the other. For any number of coroutines of one event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="rbsync-lane", daemon=True)
        self._thread.start()

    async def do(self, work: Callable[[], T]) -> T:
        """What the work returns, once it is durable; raises what it raises.

        Work that is taken back is done again, and so must change nothing but the project's
        database. Raises BackendError when it cannot be made durable.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.put(_Job(work, future))
        return await future

    def close(self) -> None:
        """Ends the thread, after what it does now."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            jobs = [first, *self._others()]
            results = self._together(jobs)
            with suppress(RuntimeError):  # the server is gone, and with it those who asked
                first.future.get_loop().call_soon_threadsafe(_tell, jobs, results)

    def _others(self) -> Sequence[_Job]:
        """Those who wait too; the sign to end is left for later."""
        found: list[_Job] = []
        with suppress(Empty):
            while len(found) < MOST - 1:
                job = self._waiting.get_nowait()
                if job is None:
                    self._waiting.put(None)
                    break
                found.append(job)
        return found

    def _together(self, jobs: Sequence[_Job]) -> Sequence[_Done]:
        try:
            with self._database.group():
                return [_attempt(job.work) for job in jobs]
        except BackendError as error:
            if error.sent or len(jobs) == 1:
                return [_Done(error=error)] * len(jobs)
        # Nothing was done: one that has no room must not keep the others out.
        return [done for job in jobs for done in self._together([job])]


def _attempt(work: Callable[[], Any]) -> _Done:
    try:
        return _Done(work())
    except Exception as error:  # it is for the one who asked
        return _Done(error=error)


def _tell(jobs: Sequence[_Job], results: Sequence[_Done]) -> None:
    for job, done in zip(jobs, results, strict=True):
        if job.future.cancelled():
            continue
        if done.error is None:
            job.future.set_result(done.answer)
        else:
            job.future.set_exception(done.error)
