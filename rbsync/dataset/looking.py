"""Looking at pictures, several at a time; what passed is not looked at again until it changes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from rbsync.errors import UserError
from rbsync.files.cache import Cache

IN_FLIGHT = 64


class Progress(Protocol):
    """Sees how the looking goes on."""

    def begin(self, files: int, size: int) -> None:
        """So many files and bytes are to be looked at."""

    def advance(self, files: int, size: int) -> None:
        """So many more were."""

    def end(self) -> None:
        """The looking is over, however it went."""


class Seen(NamedTuple):
    """The size of a picture (width, height) as it is shown, or of a volume (x, y, z), and for a
    mask or segmentation the fingerprint of what it says.

    The fingerprint of one in which nothing is labelled is empty.
    """

    size: tuple[int, ...]
    fingerprint: str = ""

    @classmethod
    def of_text(cls, text: str) -> Seen:
        """The inverse of `text`. Raises ValueError."""
        size, _, fingerprint = text.partition(" ")
        return cls(tuple(map(int, size.split("x"))), fingerprint)

    def text(self) -> str:
        """As the cache keeps it."""
        return f"{'x'.join(map(str, self.size))} {self.fingerprint}".rstrip()


class Look(NamedTuple):
    """What is to be looked at: a content, and the circumstances that the answer depends on.

    ``size`` is in bytes; ``work`` answers a Seen, or raises MaskError or OSError.
    """

    context: str
    content: str
    size: int
    work: Callable[[], Seen]


Answer = Seen | UserError | OSError


class Looks:
    """The answers by context and content."""

    def __init__(self, cache: Cache, executor: Executor, watcher: Progress) -> None:
        self._cache, self._executor, self._watcher = cache, executor, watcher
        self._known: dict[str, dict[str, Answer]] = {}
        self._new: list[Look] = []

    def take(self, looks: Iterator[Look]) -> None:
        """Answers what is not known yet."""
        wanted = {one[:2]: one for one in looks if one.content not in self._of(one.context)}
        if not wanted:
            return
        self._watcher.begin(len(wanted), sum(one.size for one in wanted.values()))
        running: deque[tuple[Look, Future[Any]]] = deque()
        try:
            for one in wanted.values():
                running.append((one, self._executor.submit(one.work)))
                if len(running) >= IN_FLIGHT:
                    self._finish(*running.popleft())
            while running:
                self._finish(*running.popleft())
        finally:
            for _, future in running:
                future.cancel()
            self._watcher.end()

    def _finish(self, look: Look, future: Future[Any]) -> None:
        try:
            answer: Answer = future.result()
        except (UserError, OSError) as error:
            answer = error
        else:
            self._new.append(look)
        self._of(look.context)[look.content] = answer
        self._watcher.advance(1, look.size)

    def answer(self, context: str, content: str) -> Answer:
        """The answer to what was taken."""
        return self._of(context)[content]

    def save(self) -> None:
        """Remembers what passed."""
        rows: dict[str, list[tuple[str, str]]] = {}
        for one in self._new:
            answer = self.answer(one.context, one.content)
            if isinstance(answer, Seen):
                rows.setdefault(one.context, []).append((one.content, answer.text()))
        for context, each in rows.items():
            self._cache.put_checked(context, each)
        self._new = []

    def _of(self, context: str) -> dict[str, Answer]:
        known = self._known.get(context)
        if known is None:
            known = self._known[context] = {}
            for content, text in self._cache.checked(context).items():
                with suppress(ValueError):
                    known[content] = Seen.of_text(text)
        return known
