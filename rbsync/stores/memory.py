"""A store that lives as long as the process: for tests, and for trying things out."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from rbsync.errors import StoreError
from rbsync.model.record import Header, Intent, Record
from rbsync.stores import StatePlace
from rbsync.stores.base import Owner, Store, Upload
from rbsync.stores.history.memory import MemoryHistory
from rbsync.stores.writer_errors import ended, foreign, locked, taken_over


def open_memory(_: StatePlace) -> Store:
    """An empty state that is forgotten when the command ends."""
    return MemoryStore()


class MemoryStore:
    """Satisfies ``Store``; any number of threads may read it and wait for its one writer."""

    def __init__(self) -> None:
        self.kept: Header | None = None
        self.known: dict[str, Record] = {}
        self.sent: dict[tuple[str, str], str] = {}
        self.changed = threading.Condition()
        self._history = MemoryHistory()
        self._owner: Owner | None = None

    def history(self) -> MemoryHistory:
        """Returns the history that is kept with this state and ends with it."""
        return self._history

    def header(self) -> Header | None:
        return self.kept

    def records(self) -> dict[str, Record]:
        with self.changed:
            # A copy: whoever reads it must not meet what the writer puts in meanwhile.
            return dict(self.known)

    def record(self, name: str) -> Record | None:
        return self.known.get(name)

    def verify(self, names: Iterable[str]) -> None:
        """Does nothing: what is in memory is as it was put there."""

    def is_settled(self) -> bool:
        return all(one.pending is None for one in self.records().values())

    @contextmanager
    def writer(self, owner: Owner, *, timeout: float) -> Iterator[MemoryWriter]:
        """As in ``Store``; raises LockedError when another thread does not let go in time."""
        writer = MemoryWriter(self, self._enter(owner, timeout))
        try:
            yield writer
        finally:
            writer.open = False
            self._leave(owner)

    def owner(self) -> Owner | None:
        return self._owner

    def is_held(self) -> bool:
        return self._owner is not None

    def unlock(self) -> None:
        self._leave(self._owner)

    def backup(self, target: str) -> None:
        """Raises StoreError: nobody could read the copy again."""
        raise StoreError(
            f"A state in memory cannot be copied to {target}.",
            hint="`rbsync state pull` prints what is recorded.",
        )

    def close(self) -> None:
        """Does nothing: what is kept is kept as long as the store is."""

    def _enter(self, owner: Owner, timeout: float) -> int:
        with self.changed:
            if not self.changed.wait_for(lambda: self._owner is None, max(timeout, 0)):
                raise locked(self._owner)
            self._owner = owner
            before = self.kept or Header(str(uuid.uuid4()), serial=0, epoch=0, target="")
            self.kept = replace(before, epoch=before.epoch + 1)
            return self.kept.epoch

    def _leave(self, owner: Owner | None) -> None:
        with self.changed:
            # By identity: the one that was unlocked must not end the next one's turn when it
            # leaves.
            if self._owner is owner:
                self._owner = None
                self.changed.notify()


class MemoryWriter:
    """Satisfies ``Writer``."""

    def __init__(self, store: MemoryStore, epoch: int) -> None:
        self.open = True
        self._store = store
        self._epoch = epoch

    def header(self) -> Header:
        with self._held() as header:
            return header

    def records(self) -> dict[str, Record]:
        with self._held():
            return self._store.records()

    def some_records(self, names: Iterable[str]) -> dict[str, Record]:
        with self._held():
            known = self._store.known
            return {name: known[name] for name in names if name in known}

    def pending_records(self) -> dict[str, Record]:
        with self._held():
            return {name: one for name, one in self._store.known.items() if one.pending}

    def verify(self, names: Iterable[str]) -> None:
        """Does nothing, as the store's."""

    def uploads(self, contents: Iterable[str], storage: str) -> Mapping[str, str]:
        with self._held():
            sent = self._store.sent
            return {one: sent[one, storage] for one in contents if (one, storage) in sent}

    def contents(self, refs: Iterable[str]) -> Mapping[str, str]:
        wanted = frozenset(refs)
        with self._held():
            sent = self._store.sent.items()
            return {ref: content for (content, _), ref in sent if ref in wanted}

    def claim(self, target: str) -> None:
        with self._fenced() as header:
            if header.target not in ("", target):
                raise foreign(header.target, target)
            self._store.kept = replace(header, target=target)

    def intend(self, intents: Sequence[Intent]) -> None:
        with self._fenced():
            known = self._store.known
            for one in intents:
                before = known.get(one.name, Record(one.name))
                known[one.name] = before._replace(pending=one)

    # The signature of the port, as in all that satisfy it: a protocol is compared word for word.
    def commit(
        self,
        records: Sequence[Record] = (),
        *,
        removed: Iterable[str] = (),
        uploads: Sequence[Upload] = (),
        lost: Iterable[str] = (),
    ) -> None:
        removed = list(removed)
        with self._fenced() as header:
            # Nothing is lost as a rule, and to look through all that was sent at each commit
            # would make many small files cost by the square of their number.
            if forgotten := frozenset(lost):
                for key in [one for one in self._store.sent if one[0] in forgotten]:
                    del self._store.sent[key]
            for name in removed:
                self._store.known.pop(name, None)
            self._store.known.update((one.name, one) for one in records)
            self._store.sent.update(((one.content, one.storage), one.ref) for one in uploads)
            if records or removed:
                self._store.kept = replace(header, serial=header.serial + 1)

    def raise_serial(self, least: int) -> None:
        with self._fenced() as header:
            self._store.kept = replace(header, serial=max(header.serial, least))

    @contextmanager
    def _held(self) -> Iterator[Header]:
        with self._store.changed:
            if not self.open or self._store.kept is None:
                raise ended()
            yield self._store.kept

    @contextmanager
    def _fenced(self) -> Iterator[Header]:
        with self._held() as header:
            # The same fence as in a file, so that what holds for a state on disk is tested on this
            # one.
            if header.epoch != self._epoch:
                raise taken_over()
            yield header
