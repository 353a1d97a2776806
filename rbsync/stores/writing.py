"""The one connection that writes a SQLite state, from its opening to its end."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from rbsync.errors import StoreError
from rbsync.model.state import Header, Intent, Record
from rbsync.stores import rows
from rbsync.stores.base import Upload
from rbsync.stores.faults import damaged, explained
from rbsync.stores.formats import STEPS, build, format_of, upgrade
from rbsync.stores.reading import is_there, look
from rbsync.stores.refusals import foreign, taken_over
from rbsync.stores.whole import appearing, connect


class SqliteWriter:
    """Satisfies ``Writer``; may be used from several threads, one call at a time."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._mutex = threading.Lock()
        self._connection = connect(path, "mode=rw")
        self._identity = _identity(path)
        self._epoch = self._begin()

    def header(self) -> Header:
        with self._reading():
            return rows.header(self._connection)

    def records(self) -> dict[str, Record]:
        with self._reading():
            return rows.records(self._connection)

    def uploads(self, contents: Iterable[str], storage: str) -> Mapping[str, str]:
        with self._reading():
            return rows.uploads(self._connection, contents, storage)

    def claim(self, target: str) -> None:
        with self._writing(grow=0):
            present = rows.header(self._connection).target
            if present not in ("", target):
                raise foreign(present, target)
            self._connection.execute("UPDATE meta SET target = ?", (target,))

    def intend(self, intents: Sequence[Intent]) -> None:
        with self._writing(grow=0):
            rows.put_intents(self._connection, intents)

    def commit(
        self,
        records: Sequence[Record] = (),
        *,
        removed: Iterable[str] = (),
        uploads: Sequence[Upload] = (),
    ) -> None:
        removed = list(removed)
        with self._writing(grow=1 if records or removed else 0):
            rows.put(self._connection, records, removed, uploads)

    def close(self) -> None:
        """Ends the writing; what was committed is then in the one file."""
        with self._mutex:
            # The journal holds it all when a reader or a full disk keeps it from being emptied.
            with suppress(sqlite3.Error):
                self._connection.execute("PRAGMA busy_timeout = 200")
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._connection.close()

    def _begin(self) -> int:
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            # Without it macOS reports as written what a drive still holds in its cache.
            self._connection.execute("PRAGMA fullfsync = ON")
            with _transaction(self._connection):
                self._connection.execute("UPDATE meta SET epoch = epoch + 1")
                return rows.header(self._connection).epoch
        except BaseException:
            self._connection.close()
            raise

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._mutex, explained(self._path), _transaction(self._connection, "BEGIN"):
            yield

    @contextmanager
    def _writing(self, *, grow: int) -> Iterator[None]:
        with self._mutex, explained(self._path):
            if _identity(self._path) != self._identity:
                raise _lost(self._path)
            with _transaction(self._connection):
                fence = "UPDATE meta SET serial = serial + ? WHERE epoch = ?"
                if self._connection.execute(fence, (grow, self._epoch)).rowcount != 1:
                    raise taken_over()
                yield


@contextmanager
def writing(path: str) -> Iterator[SqliteWriter]:
    """The writer of the state at a path, which is made or brought to the newest format first.

    The caller holds the lock. Raises StoreError for a state that is not to be written to, of
    which then no byte has changed.
    """
    with explained(path):
        if is_there(path):
            _examine(path)
        else:
            _create(path)
        writer = SqliteWriter(path)
    try:
        yield writer
    finally:
        writer.close()


def _create(path: str) -> None:
    # It takes longer to import than all else here, and a state is made but once.
    import uuid

    with appearing(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        build(connection, str(uuid.uuid4()))


def _examine(path: str) -> None:
    """Checks all of the state before it is opened for writing, and upgrades an old one."""
    present = look(path, lambda connection: _sound_format(connection, path))
    os.chmod(path, 0o600)
    if present != len(STEPS):
        with appearing(f"{path}.v{present}.bak") as backup:
            look_into(path, backup)
        ...


def _identity(path: str) -> tuple[int, int] | None:
    try:
        now = os.stat(path)
    except FileNotFoundError:
        return None
    return now.st_dev, now.st_ino
