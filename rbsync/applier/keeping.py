"""The history gets what is about to be changed before the change is sent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from rbsync.applier.results import verb_of
from rbsync.applier.snapshot import Document, Snapshot, refs_of, snapshot_of
from rbsync.backends.base import Backend, Renames, TaskContent
from rbsync.errors import BackendError
from rbsync.model.fingerprint import FACETS, Facet, Fingerprint, digest
from rbsync.model.history import Change
from rbsync.model.plan import Create, Delete, Effect, Move, Overwriting, Update
from rbsync.model.record import Record
from rbsync.stores.history.base import History

RecordOf = Callable[[str], Record | None]
Kept = Overwriting | Move
"""The effects before which what is there is written down."""


class Keeping(Protocol):
    """Satisfies ``overwriting.Keeper`` too; ``ahead`` is told of effects before their intents."""

    def ahead(self, effects: Sequence[Effect], record_of: RecordOf) -> None:
        """Raises StoreError when the history cannot be written; then nothing may be sent."""

    def __call__(self, action: Kept, present: TaskContent, facet: Facet | None, /) -> None:
        """As ``overwriting.Keeper``."""


class NoHistory:
    """Keeps nothing. Satisfies ``Keeping``."""

    def ahead(self, effects: Sequence[Effect], record_of: RecordOf) -> None:
        """Does nothing."""

    def __call__(self, action: Kept, present: TaskContent, facet: Facet | None, /) -> None:
        """Does nothing."""


class _Taken(NamedTuple):
    """A task as it was when the history got it; of its labels only the digest is held."""

    present: TaskContent
    document: Document


@dataclass(eq=False)
class _Entry:
    """``is_written`` is set by the thread that wrote it, which may be another one."""

    change: Change
    contents: Mapping[str, bytes]
    is_written: bool = False


class HistoryKeeper:
    """Writes down each change with what was there before, durably. Satisfies ``Keeping``.

    A project that is at hand is looked at for a whole group of changes, which then share one
    write to the disk; what changed between that and the change itself is written down again.
    Of a service, what the look before each change found is written, by all workers together.
    """

    def __init__(self, history: History, run: str, backend: Backend) -> None:
        self._history = history
        self._run = run
        self._backend = backend
        self._record_of: RecordOf = lambda _: None
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._waiting: list[_Entry] = []
        self._taken: dict[str, _Taken] = {}
        self._asked: set[tuple[str, Facet | None]] = set()

    def ahead(self, effects: Sequence[Effect], record_of: RecordOf) -> None:
        """Writes down creates, and what a project that is at hand has."""
        self._record_of = record_of
        made = [self._created(one) for one in effects if isinstance(one, Create)]
        if made:
            self._history.note(made)
        others = [one for one in effects if isinstance(one, Kept)]
        if others and self._backend.capabilities.at_hand:
            self._look_ahead(others)

    def _look_ahead(self, actions: Sequence[Kept]) -> None:
        try:
            found = self._backend.look([one.task_id for one in actions])
            taken = [
                (one, snapshot_of(found[one.task_id], labels=True))
                for one in actions
                if one.task_id in found
            ]
        except BackendError:
            # The look that comes right before each change says what is wrong.
            return
        entries = [_Entry(self._change(one, own, None), own.contents) for one, own in taken]
        self._write(entries)
        # What is renamed in place is not looked at again, so that nobody would let go of it.
        renames = isinstance(self._backend, Renames)
        self._taken |= {
            one.name: _Taken(_without_text(found[one.task_id]), own.document)
            for one, own in taken
            if not (renames and isinstance(one, Move))
        }

    def __call__(self, action: Kept, present: TaskContent, facet: Facet | None, /) -> None:
        """Writes down what is there, unless that was done for the group. Raises StoreError.

        When a facet is asked about again in a run, its first change may have been done and only
        the answer lost: what is found then is kept, but it is not what was there before.
        """
        before = self._taken_before(action, facet)
        if before is not None and before.present == _without_text(present):
            return
        labels = facet in (None, "labels")
        wanted = None
        # They take two requests: what a run leaves that is cut off between them is ours too.
        if isinstance(action, Update) and facet == "settings":
            wanted = action.datapoint.settings
        own = snapshot_of(present, labels=labels, wanted=wanted)
        facets = FACETS if facet is None else (facet,)
        with self._lock:
            again = (action.name, facet) in self._asked
            self._asked.add((action.name, facet))
        if before and all(before.document[one] == own.document[one] for one in facets):
            return
        change = self._change(action, own, () if again else facets)
        self._share(_Entry(change, own.contents))

    def _taken_before(self, action: Kept, facet: Facet | None) -> _Taken | None:
        """Returns what was taken for the group, which is let go of with the last facet."""
        is_last = not isinstance(action, Update) or facet == action.changed[-1]
        with self._lock:
            if is_last:
                return self._taken.pop(action.name, None)
            return self._taken.get(action.name)

    def _created(self, action: Create) -> Change:
        now = action.datapoint.fingerprint
        return Change(self._run, action.name, "create", now=now, time=time.time())

    def _change(self, action: Kept, own: Snapshot, facets: tuple[Facet, ...] | None) -> Change:
        """``facets`` are those that were looked at right before they change, None for all."""
        if isinstance(action, Move):
            return self._moved(action, own)
        verb = verb_of(action)
        assert verb != "blocked"  # noqa: S101  (an effect is none)
        changed = action.changed if isinstance(action, Update) else FACETS
        return Change(
            self._run,
            action.name,
            verb,
            changed if facets is None else facets,
            action.over or self._left(action.name),
            None if isinstance(action, Delete) else action.datapoint.fingerprint,
            own.name,
            own.parts,
            refs_of(own.document),
            time.time(),
        )

    def _moved(self, action: Move, own: Snapshot) -> Change:
        return Change(
            self._run,
            action.old,
            "move",
            (),
            was=action.applied,
            now=action.applied,
            before=own.name,
            parts=own.parts,
            refs=refs_of(own.document),
            time=time.time(),
            renamed=action.name,
        )

    def _left(self, name: str) -> Fingerprint | None:
        record = self._record_of(name)
        return record.applied if record else None

    def _share(self, entry: _Entry) -> None:
        """Returns once an entry is durable: who comes first writes for all that wait meanwhile."""
        with self._lock:
            self._waiting.append(entry)
        with self._turn:
            with self._lock:
                group, self._waiting = self._waiting, []
            # Another thread may have taken it along; if its write failed, it is tried again.
            self._write(group if entry in group or entry.is_written else [entry, *group])

    def _write(self, entries: Sequence[_Entry]) -> None:
        if entries:
            contents = {name: data for one in entries for name, data in one.contents.items()}
            self._history.keep([one.change for one in entries], contents)
            for one in entries:
                one.is_written = True


def _without_text(present: TaskContent) -> TaskContent:
    """A task with the digest of its labels in their place: labels may be megabytes."""
    return present._replace(labels=digest(present.labels.encode("utf-8", "surrogatepass")))
