"""Operations done one after the other; one commit serves all that wait at the same time.

They are done in the thread of the event loop: threads that take turns cost more than the
operations do, since every statement is a turn. Only the commit, which waits for the disk, is left
to a thread of its own; meanwhile the loop takes in what the next commit is for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
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


class GroupCommit:
    """For any number of coroutines of one event loop, which use the database by it alone.

    Nobody gets an answer before all that it may have seen is durable. Those that share a ``turn``
    do nothing at the same time.
    """

    def __init__(self, database: Database, turn: asyncio.Lock | None = None) -> None:
        self.turn = turn or asyncio.Lock()
        self._database = database
        self._waiting: list[_Job] = []
        self._running: asyncio.Task[None] | None = None
        self._committer = ThreadPoolExecutor(1, "rbsync-commit")

    async def do(self, work: Callable[[], T]) -> T:
        """Returns what the work returns, once it is durable; raises what it raises.

        Work that is taken back is done again, and so must change nothing but the project's
        database. Raises BackendError when it cannot be made durable.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.append(_Job(work, future))
        if self._running is None:
            # The others who can go on now come before it, and so share the commit.
            self._running = loop.create_task(self._do_all())
        return await future

    def close(self) -> None:
        """Ends the thread; nothing can be done any more."""
        self._committer.shutdown()

    async def _do_all(self) -> None:
        try:
            while self._waiting:
                async with self.turn:
                    jobs, self._waiting = self._waiting, []
                    every = await self._together(jobs)
                for job, done in zip(jobs, every, strict=True):
                    _tell(job.future, done)
        finally:
            self._running = None

    async def _together(self, jobs: Sequence[_Job]) -> Sequence[_Done]:
        try:
            with self._database.group():
                answers = [_attempt(job.work) for job in jobs]
                if self._database.is_changed:
                    await self._commit()
                return answers
        except BackendError as error:
            # A commit that may have reached the disk must not be done again.
            if error.sent or len(jobs) == 1:
                return [_Done(error=error)] * len(jobs)
        # Nothing was done: one that has no room must not keep the others out.
        return [done for job in jobs for done in await self._together([job])]

    async def _commit(self) -> None:
        committing = self._committer.submit(self._database.commit)
        try:
            await asyncio.wrap_future(committing)
        finally:
            # Who is cancelled must not take the database from under it.
            wait([committing])


def _tell(future: asyncio.Future[Any], done: _Done) -> None:
    if future.cancelled():
        return
    if done.error is None:
        future.set_result(done.answer)
    else:
        future.set_exception(done.error)


def _attempt(work: Callable[[], Any]) -> _Done:
    try:
        return _Done(work())
    except Exception as error:  # it is for the one who asked
        return _Done(error=error)
