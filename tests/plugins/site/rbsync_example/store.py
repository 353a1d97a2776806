"""A store: the state as one pickled file, ``pickle:PATH``, written anew by each method."""

from __future__ import annotations

import fcntl
import os
import pickle
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from rbsync.errors import StoreError
from rbsync.model.record import Header, Intent, Record
from rbsync.stores import StatePlace
from rbsync.stores.base import Owner, Store, Upload
from rbsync.stores.state_lock import StateLock
from rbsync.stores.writer_errors import ended, foreign, taken_over


def open_pickle(place: StatePlace) -> Store:
    """The state of a URL; its path starts from the manifest's folder."""
    return PickleStore(os.path.join(place.folder, place.rest))


@dataclass
class Content:
    """All that a state is. ``uploads`` has where the backend keeps a content, for a storage."""

    header: Header
    records: dict[str, Record] = field(default_factory=dict)
    uploads: dict[tuple[str, str], str] = field(default_factory=dict)


class PickleStore:
    """Satisfies ``Store``."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = StateLock(path)

    def read(self) -> Content | None:
        try:
            with open(self._path, "rb") as file:
                content: Content = pickle.load(file)
                return content
        except FileNotFoundError:
            return None

    def write(self, content: Content) -> None:
        draft = self._path + ".new"
        with open(draft, "wb") as file:
            pickle.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, self._path)
        folder = os.open(os.path.dirname(self._path) or ".", os.O_RDONLY)
        try:
            # Without it a power cut may leave the old file under that name.
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextmanager
    def fence(self) -> Iterator[None]:
        """Nobody else looks at the epoch or writes meanwhile.

        A writer that was taken over has another lock than its successor: between its look at the
        epoch and its write the successor would have written, and that would be lost.
        """
        with open(self._path + ".fence", "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def header(self) -> Header | None:
        content = self.read()
        return content.header if content else None

    def records(self) -> dict[str, Record]:
        content = self.read()
        return content.records if content else {}

    def record(self, name: str) -> Record | None:
        return self.records().get(name)

    def verify(self, names: Iterable[str]) -> None:
        """Does nothing: a pickle that was read is as it was written, or cannot be read."""

    def is_settled(self) -> bool:
        return all(one.pending is None for one in self.records().values())

    @contextmanager
    def writer(self, owner: Owner, *, timeout: float) -> Iterator[PickleWriter]:
        os.makedirs(os.path.dirname(self._path) or ".", exist_ok=True)
        with self._lock.held(owner, timeout):
            with self.fence():
                content = self.read() or Content(Header(str(uuid.uuid4()), 0, 0, ""))
                content.header = replace(content.header, epoch=content.header.epoch + 1)
                self.write(content)
            writer = PickleWriter(self, content.header.epoch)
            try:
                yield writer
            finally:
                writer.is_open = False

    def owner(self) -> Owner | None:
        return self._lock.owner()

    def is_held(self) -> bool:
        return self._lock.is_held()

    def unlock(self) -> None:
        self._lock.break_open()

    def backup(self, target: str) -> None:
        content = self.read()
        if content is None or os.path.lexists(target):
            raise StoreError(f"There is no state to copy, or something at {target} already.")
        PickleStore(target).write(content)

    def close(self) -> None:
        """Does nothing: nothing is open."""


class PickleWriter:
    """Satisfies ``Writer``."""

    def __init__(self, store: PickleStore, epoch: int) -> None:
        self.is_open = True
        self._store = store
        self._epoch = epoch
        self._turn = threading.Lock()

    def header(self) -> Header:
        return self._read().header

    def records(self) -> dict[str, Record]:
        return self._read().records

    def some_records(self, names: Iterable[str]) -> dict[str, Record]:
        known = self._read().records
        return {name: known[name] for name in names if name in known}

    def pending_records(self) -> dict[str, Record]:
        return {name: one for name, one in self._read().records.items() if one.pending}

    def verify(self, names: Iterable[str]) -> None:
        """Does nothing, as the store's."""

    def uploads(self, contents: Iterable[str], storage: str) -> Mapping[str, str]:
        known = self._read().uploads
        return {one: known[one, storage] for one in contents if (one, storage) in known}

    def contents(self, refs: Iterable[str]) -> Mapping[str, str]:
        wanted = frozenset(refs)
        known = self._read().uploads.items()
        return {ref: content for (content, _), ref in known if ref in wanted}

    def claim(self, target: str) -> None:
        with self._changing() as content:
            if content.header.target not in ("", target):
                raise foreign(content.header.target, target)
            content.header = replace(content.header, target=target)

    def raise_serial(self, least: int) -> None:
        with self._changing() as content:
            content.header = replace(content.header, serial=max(content.header.serial, least))

    def intend(self, intents: Sequence[Intent]) -> None:
        with self._changing() as content:
            for one in intents:
                before = content.records.get(one.name, Record(one.name))
                content.records[one.name] = before._replace(pending=one)

    def commit(
        self,
        records: Sequence[Record] = (),
        *,
        removed: Iterable[str] = (),
        uploads: Sequence[Upload] = (),
        lost: Iterable[str] = (),
    ) -> None:
        gone, forgotten = list(removed), frozenset(lost)
        with self._changing() as content:
            kept = {key: ref for key, ref in content.uploads.items() if key[0] not in forgotten}
            content.uploads = kept | {(one.content, one.storage): one.ref for one in uploads}
            for name in gone:
                content.records.pop(name, None)
            content.records.update((one.name, one) for one in records)
            if records or gone:
                content.header = replace(content.header, serial=content.header.serial + 1)

    def _read(self) -> Content:
        content = self._store.read()
        if not self.is_open or content is None:
            raise ended()
        return content

    @contextmanager
    def _changing(self) -> Iterator[Any]:
        """What the state is, to be changed: written when all went well, and never after another."""
        with self._turn, self._store.fence():
            content = self._read()
            if content.header.epoch != self._epoch:
                raise taken_over()
            yield content
            self._store.write(content)
