"""Where operations are done: one after the other, those that wait at the same time by one commit.

They are done in the thread of the event loop. A commit takes longer than several operations, and
threads that take turns cost more than the operations do: every statement is a turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from rbsync.backends.local.database import Database
from rbsync.errors import BackendError

T = TypeVar("T")


class _Job(NamedTuple):
    work: Callable[[], Any]
    future: asyncio.Future[Any]


class _Done(NamedTuple):
    answer: Any = None
    error: Exception | None = None


class Lane:
    """For any number of coroutines of one event loop.

    Nobody gets an answer before all that it may have seen is durable.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[_Job] = []

    async def do(self, work: Callable[[], T]) -> T:
        """What the work returns, once it is durable; raises what it raises.

        Work that is taken back is done again, and so must change nothing but the project's
        database. Raises BackendError when it cannot be made durable.
        """
        loop = asyncio.get_running_loop()
        if not self._waiting:
            # The others who can go on now come before it, and so share the commit.
            loop.call_soon(self._do_all)
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.append(_Job(work, future))
        return await future

    def _do_all(self) -> None:
        jobs, self._waiting = self._waiting, []
        for job, done in zip(jobs, self._together(jobs), strict=True):
            if job.future.cancelled():
                continue
            if done.error is None:
                job.future.set_result(done.answer)
            else:
                job.future.set_exception(done.error)

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
