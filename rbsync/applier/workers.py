"""Threads that do tasks, and hand what is to follow back to the one thread that decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

T = TypeVar("T")
Step = Callable[[], None]


class Workers:
    """Does tasks side by side, in the order in which they were started.

    The threads are daemons: one that is stuck in a call must not keep the process from ending.
    All methods are for the one thread that decides.
    """

    def __init__(self, number: int) -> None:
        self.unfinished = 0
        """Tasks whose follow-up was not handed out yet."""
        self._tasks: SimpleQueue[Callable[[], Step] | None] = SimpleQueue()
        self._followups: SimpleQueue[Step] = SimpleQueue()
        self._closed = False
        self._number = number
        for each in range(number):
            # Not a ThreadPoolExecutor: the interpreter joins its threads at exit, and a PUT that
            # hangs would keep Ctrl-C from ending the program.
            Thread(target=self._work, name=f"rbsync-{each}", daemon=True).start()

    def start(self, task: Callable[[], T], then: Callable[[T], None]) -> None:
        """Has a task done; ``then`` is called with its result by the deciding thread."""
        self.unfinished += 1
        # A worker runs the task only. Its follow-up changes the pipeline, which is without locks
        # because one thread alone does so.
        self._tasks.put(lambda: partial(then, task()))

    def finished(self, timeout: float) -> Iterator[Step]:
        """Yields what follows the tasks that have ended; waits up to ``timeout`` seconds for the
        first.

        A follow-up raises what its task raised.
        """
        try:
            step = self._followups.get(timeout=timeout)
            while True:
                self.unfinished -= 1
                yield step
                step = self._followups.get_nowait()
        except Empty:
            return

    def close(self) -> None:
        """No task is begun any more; the running ones are left to themselves."""
        self._closed = True
        for _ in range(self._number):
            self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            if self._closed:
                return
            self._followups.put(_followup(task))


def _followup(task: Callable[[], Step]) -> Step:
    try:
        return task()
    except BaseException as error:  # whatever it is, the deciding thread has to know
        return partial(_raise, error)


def _raise(error: BaseException) -> None:
    raise error
