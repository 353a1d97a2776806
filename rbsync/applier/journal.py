"""The records of a run: intents are written before they are sent, results soon after they are
known.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from rbsync.applier.results import accepted, failed, intent_of
from rbsync.errors import StoreError
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.outcome import Failure, Outcome
from rbsync.model.plan import Effect, names_of
from rbsync.model.record import Record
from rbsync.reasons import REFUSALS
from rbsync.stores.base import Upload, Writer

GROUP = 100
"""Results that may wait together for one durable commit."""

# A commit waits for the disk, some milliseconds each. One for every result would be most of the
# time of 40,000 creates; a fifth of a second is what a crash can leave to be settled.
GROUP_SECONDS = 0.2


RecordOf = Callable[[str], Record | None]
Ahead = Callable[[Sequence[Effect], RecordOf], None]


def nothing_ahead(_effects: Sequence[Effect], _record_of: RecordOf, /) -> None:
    """Satisfies ``Ahead``."""


class Journal:
    """Groups results into durable commits, and gives outcomes out only when they are safe.

    When the state cannot be written, ``set_aside`` gets what is known and not yet recorded.
    """

    def __init__(
        self,
        writer: Writer,
        clock: Callable[[], float],
        set_aside: Callable[[Sequence[Record], Sequence[str]], None],
        ahead: Ahead = nothing_ahead,
    ) -> None:
        """``ahead`` is told of effects, and what their names were, before their intents."""
        self._ahead = ahead
        self._writer = writer
        self._before: dict[str, Record | None] = {}
        self._clock = clock
        self._set_aside = set_aside
        self._waiting: list[tuple[Outcome, Sequence[Record], Sequence[str]]] = []
        self._uploads: deque[Upload] = deque()
        self._lost: list[str] = []
        self._committed_at = 0.0

    def before(self, name: str) -> Record | None:
        """Returns what was known of a name when the run began, or was noted since.

        Any thread may ask.
        """
        try:
            return self._before[name]
        except KeyError:
            found = self._writer.some_records([name]).get(name)
            return self._before.setdefault(name, found)

    def left(self, name: str) -> Fingerprint | None:
        """Returns what was last left at the project under a name, when the run began."""
        record = self.before(name)
        return record.applied if record else None

    def was_refused(self, name: str) -> bool:
        """Tells whether the last thing that is known of a name is that its create was refused."""
        record = self.before(name)
        failure = record.failure if record and record.applied is None else None
        return failure is not None and failure.phase == "create" and failure.kind in REFUSALS

    def failed(self, action: Effect, failure: Failure) -> tuple[Outcome, Record]:
        """The result of an action that failed, to be added."""
        return failed(action, failure, self.before(action.name), self._clock())

    def accepted(self, action: Effect, failure: Failure) -> tuple[Outcome, Record]:
        """The result of a create that the service agreed to do later, to be added."""
        return accepted(action, failure, self.before(action.name), self._clock())

    def intend(self, actions: Iterable[Effect]) -> None:
        """Writes down, durably, what is about to be sent. Raises StoreError.

        The uploads that it consists of come first: they may have to tell it from what others made.
        """
        now = self._clock()
        actions = list(actions)
        self._read_before(actions)
        self._ahead(actions, self.before)
        if self._uploads or self._lost:
            self._writer.commit(uploads=self._taken_uploads(), lost=self._taken_lost())
        # From here on a crash is survivable: the next run finds the intent, and asks the project
        # what became of it before it sends anything of that name.
        self._writer.intend([intent_of(action, now) for action in actions])

    def _read_before(self, actions: Iterable[Effect]) -> None:
        """Reads the records of a group in one go: after the intent they are no longer as before."""
        new = [name for name in names_of(actions) if name not in self._before]
        found = self._writer.some_records(new)
        self._before.update((name, found.get(name)) for name in new)

    def uploaded(self, upload: Upload) -> None:
        """Takes in an upload, to be recorded with the next commit; from any thread."""
        self._uploads.append(upload)

    def lost(self, content: str) -> None:
        """Takes in that the backend may not have a content any more, as `uploaded` does."""
        self._lost.append(content)

    def add(self, outcome: Outcome, record: Record | None) -> None:
        """Takes in a result: the record that it leaves, None when it leaves none."""
        if record is None:
            self._waiting.append((outcome, [], [outcome.name]))
        else:
            self._waiting.append((outcome, [record], []))

    def add_moved(self, outcome: Outcome, record: Record, old: str) -> None:
        """Takes in a move: the record of the old name goes in the commit that has the new one."""
        self._waiting.append((outcome, [record], [old]))
        # An update that goes with the move is to know what was left under the new name.
        self._before[record.name] = record

    def note(self, records: Sequence[Record]) -> None:
        """Writes down, durably, how far something came whose result is not there yet."""
        if records:
            self._writer.commit(records)
            self._before |= {one.name: one for one in records}

    def due(self) -> bool:
        """Tells whether a commit should not wait longer."""
        if len(self._waiting) >= GROUP:
            return True
        late = time.monotonic() - self._committed_at >= GROUP_SECONDS
        return late and bool(self._waiting or self._uploads or self._lost)

    def commit(self, *, forget: Sequence[str] = ()) -> list[Outcome]:
        """Makes what waits durable and returns its outcomes. Raises StoreError."""
        waiting, self._waiting = self._waiting, []
        uploads, lost = self._taken_uploads(), self._taken_lost()
        records = [record for _, left, _ in waiting for record in left]
        removed = [name for _, _, gone in waiting for name in gone]
        try:
            if waiting or uploads or lost or forget:
                gone = [*forget, *removed]
                self._writer.commit(records, removed=gone, uploads=uploads, lost=lost)
        except StoreError:
            if waiting:
                # Outcomes of requests that were made cannot be made again. They go into the
                # recovery file, since the next run would otherwise take a finished create for a
                # lost one.
                self._set_aside(records, removed)
            raise
        finally:
            self._committed_at = time.monotonic()
        # A run of a million creates must not end with a million records in memory.
        for outcome, _, others in waiting:
            for name in (outcome.name, *others):
                self._before.pop(name, None)
        return [outcome for outcome, _, _ in waiting]

    def _taken_uploads(self) -> list[Upload]:
        # Workers append meanwhile. The length is taken once, so that a run whose workers are fast
        # still comes to an end here.
        return [self._uploads.popleft() for _ in range(len(self._uploads))]

    def _taken_lost(self) -> list[str]:
        lost, self._lost = self._lost, []
        return lost
