"""Looking at pictures, several at a time; what passed is not looked at again until it changes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol

from rbsync.errors import UserError
from rbsync.files.cache import Cache
from rbsync.model.bucket_paths import is_bucket
from rbsync.model.extent import Extent

if TYPE_CHECKING:
    # To load them takes longer than to look at a picture, and most plans look at none.
    from concurrent.futures import Executor, Future

    from rbsync.executors.assured import Helpers, Task

IN_FLIGHT = 64


class Progress(Protocol):
    """Sees how the looking goes on."""

    def begin(self, files: int, size: int) -> None:
        """So many files and bytes are to be looked at."""

    def advance(self, files: int, size: int) -> None:
        """So many more were."""

    def end(self) -> None:
        """The looking is over, however it went."""


class Inspected(NamedTuple):
    """The size of a picture (width, height) as it is shown, or of a volume (x, y, z), and for a
    mask or segmentation the fingerprint of what it says.

    The fingerprint of one in which nothing is labelled is empty. ``unused`` are the values of a
    segment map, or the numbers of classes of a mask, that do not occur, ``affine`` is that of a
    volume, row by row, where it has one. ``transparent`` is how many pixels of a mask are
    background only for being transparent, ``alike`` the numbers of files that have the same single
    value. ``extent`` is that of what a mask or segmentation labels, where it is known.
    """

    size: tuple[int, ...]
    fingerprint: str = ""
    unused: tuple[int, ...] = ()
    affine: tuple[float, ...] = ()
    transparent: int = 0
    alike: tuple[int, ...] = ()
    extent: Extent | None = None

    @classmethod
    def of_text(cls, text: str) -> Inspected:
        """The inverse of `text`. Raises ValueError."""
        # Texts of earlier versions have fewer parts.
        parts = [*text.split(" "), *[""] * 6]
        size, fingerprint, unused, affine, transparent, alike, extent, *_ = parts
        return cls(
            tuple(map(int, size.split("x"))),
            fingerprint,
            tuple(map(int, unused.split(",") if unused else ())),
            tuple(map(float, affine.split(",") if affine else ())),
            int(transparent or 0),
            tuple(map(int, alike.split(",") if alike else ())),
            Extent.of_text(extent),
        )

    def text(self) -> str:
        """As the cache keeps it."""
        size = "x".join(map(str, self.size))
        unused, affine = ",".join(map(str, self.unused)), ",".join(map(repr, self.affine))
        transparent = str(self.transparent or "")
        alike = ",".join(map(str, self.alike))
        extent = self.extent.text() if self.extent else ""
        parts = size, self.fingerprint, unused, affine, transparent, alike, extent
        return " ".join(parts).rstrip()


class Inspection(NamedTuple):
    """A content to be inspected, with the circumstances that the answer depends on.

    ``files`` are the paths that have the content, ``size`` is in bytes. ``work`` returns what was
    found, or raises MaskError or OSError. It depends on nothing but the files: it may be done in
    another process.
    """

    context: str
    content: str
    files: tuple[str, ...]
    size: int
    work: Callable[[], Inspected]


Answer = Inspected | UserError | OSError


class Inspections:
    """The answers by context and content; what is wrong is an answer of the files as well."""

    def __init__(
        self,
        cache: Cache,
        readers: Callable[[], Executor],
        watcher: Progress,
        helpers: Callable[[], Helpers] | None = None,
    ) -> None:
        """``readers`` makes those who look, once there is something to look at.

        ``helpers`` makes those who look elsewhere, once there is much.
        """
        self._cache, self._readers, self._watcher = cache, readers, watcher
        self._helpers = helpers
        self._known: dict[str, dict[str, Inspected]] = {}
        self._wrong: dict[tuple[str, str, tuple[str, ...]], UserError | OSError] = {}
        self._new: list[Inspection] = []

    def take(self, inspections: Iterator[Inspection]) -> None:
        """Answers what is not known yet."""
        wanted = {one[:3]: one for one in inspections if not self._is_known(one)}
        first: dict[tuple[str, str], Inspection] = {}
        for one in wanted.values():
            first.setdefault((one.context, one.content), one)
        self._inspect(list(first.values()))
        # An error names its files, so that files of one content have errors of their own.
        self._inspect([one for one in wanted.values() if not self._is_known(one)])

    def _is_known(self, inspection: Inspection) -> bool:
        return inspection.content in self._of(inspection.context) or inspection[:3] in self._wrong

    def _inspect(self, wanted: Sequence[Inspection]) -> None:
        if not wanted:
            return
        size = sum(one.size for one in wanted)
        self._watcher.begin(len(wanted), size)
        try:
            if self._helpers is not None and _is_worth_it(len(wanted), size):
                here = [one for one in wanted if any(map(is_bucket, one.files))]
                self._look_elsewhere(
                    [one for one in wanted if not any(map(is_bucket, one.files))], self._helpers()
                )
            else:
                here = list(wanted)
            if here:
                self._look_here(here, self._readers())
        finally:
            self._watcher.end()

    def _look_here(self, wanted: Sequence[Inspection], readers: Executor) -> None:
        running: deque[tuple[Inspection, Future[Inspected]]] = deque()
        try:
            for one in wanted:
                running.append((one, readers.submit(one.work)))
                # Bounded, since each that waits holds what it has to decode.
                if len(running) >= IN_FLIGHT:
                    self._finish(*running.popleft())
            while running:
                self._finish(*running.popleft())
        finally:
            for _, future in running:
                future.cancel()

    def _look_elsewhere(self, wanted: Sequence[Inspection], helpers: Helpers) -> None:
        from rbsync.executors.batches import MASKS

        tasks = MASKS.tasks(wanted, lambda one: one.size)
        running: deque[tuple[list[Inspection], Task]] = deque()
        try:
            for some in tasks:
                running.append((some, helpers.hand_out([one.work for one in some])))
                if len(running) >= IN_FLIGHT:
                    self._finish_all(*running.popleft())
            while running:
                self._finish_all(*running.popleft())
        finally:
            for _, task in running:
                task.cancel()

    def _finish(self, inspection: Inspection, future: Future[Inspected]) -> None:
        try:
            self._take(inspection, future.result())
        except (UserError, OSError) as error:
            self._take(inspection, error)

    def _finish_all(self, some: Sequence[Inspection], task: Task) -> None:
        from rbsync.executors.batches import settled

        answers = settled([one.work for one in some], task.result())
        for inspection, answer in zip(some, answers, strict=True):
            self._take(inspection, answer)

    def _take(self, inspection: Inspection, answer: Answer) -> None:
        if isinstance(answer, Inspected):
            self._of(inspection.context)[inspection.content] = answer
            self._new.append(inspection)
        else:
            self._wrong[inspection[:3]] = answer
        self._watcher.advance(1, inspection.size)

    def answer(self, context: str, content: str, files: Sequence[str]) -> Answer:
        """The answer to what was taken."""
        inspected = self._of(context).get(content)
        return inspected if inspected is not None else self._wrong[context, content, tuple(files)]

    def save(self) -> None:
        """Remembers what passed."""
        rows: dict[str, list[tuple[str, str]]] = {}
        for one in self._new:
            inspected = self._of(one.context)[one.content]
            rows.setdefault(one.context, []).append((one.content, inspected.text()))
        for context, each in rows.items():
            self._cache.put_checked(context, each)
        self._new = []

    def _of(self, context: str) -> dict[str, Inspected]:
        known = self._known.get(context)
        if known is None:
            known = self._known[context] = {}
            for content, text in self._cache.checked(context).items():
                # A cache of another version is unknown, not wrong.
                with suppress(ValueError):
                    known[content] = Inspected.of_text(text)
        return known


def _is_worth_it(number: int, size: int) -> bool:
    """Tells whether so many pictures of so many bytes are worth the way to somebody else."""
    from rbsync.executors.batches import MASKS

    return MASKS.is_worth_it(number, size)
