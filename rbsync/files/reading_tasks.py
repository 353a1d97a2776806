"""Files that are being read by workers, a task for some of a folder, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rbsync.files.file_facts import Answers
from rbsync.files.wanted import Wanted

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from rbsync.files.hashing import Progress

PULSE = 1.0
"""Seconds after which whoever watches is told that reading goes on."""

Work = Callable[[], Answers]
Enter = Callable[[str, Sequence[int], Answers], None]


class ReadingTasks:
    """Tasks in the order in which they were begun; ``enter`` takes what came of each.

    ``enter`` is called by whoever asks for it, and so by one thread alone.
    """

    def __init__(self, enter: Enter) -> None:
        self._enter = enter
        self._wanted = Wanted()
        self._running: dict[Future[Answers], tuple[str, Sequence[int]]] = {}

    def __len__(self) -> int:
        return len(self._running)

    def begin(self, readers: Executor, work: Work, folder: str, indices: Sequence[int]) -> None:
        """Has some files of a folder read."""
        self._running[readers.submit(self._wanted.run, work)] = folder, indices

    def take_done(self) -> None:
        """Enters what has come by now, up to the first task that is not done."""
        while self._running and (task := next(iter(self._running))).done():
            self._take(task)

    def wait(self, progress: Progress) -> None:
        """Waits until something has come, and enters it."""
        from concurrent.futures import FIRST_COMPLETED, wait

        done, _ = wait(self._running, timeout=PULSE, return_when=FIRST_COMPLETED)
        if not done:
            # One file of a hundred gigabytes takes minutes, in which nothing would be heard.
            progress(0, 0)
        for task in done:
            self._take(task)

    def cancel(self) -> None:
        """Gives up what has not begun, and what has at its next piece."""
        # Ctrl-C must not wait for gigabytes that are hashed for nobody.
        self._wanted.give_up()
        self._wanted = Wanted()
        for task in self._running:
            task.cancel()
        self._running.clear()

    def _take(self, task: Future[Answers]) -> None:
        folder, indices = self._running.pop(task)
        self._enter(folder, indices, task.result())
