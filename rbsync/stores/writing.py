"""The one connection that writes a SQLite state."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from rbsync.errors import StoreError
from rbsync.model.record import Header, Intent, Record
from rbsync.stores import sqlite_rows as rows
from rbsync.stores.base import Amounts, Upload
from rbsync.stores.change_log import PUT_CHANGE, begin_log, log_change
from rbsync.stores.faults import explained
from rbsync.stores.sqlite_connections import connect, transaction
from rbsync.stores.writer_errors import ended, foreign, taken_over

# Milliseconds. The end of a run must not wait for somebody who has the state open in a database
# browser.
_PATIENCE_AT_END = 200


class SqliteWriter:
    """Satisfies ``Writer``. Several threads may share it; one call is done at a time.

    The caller holds the lock and has prepared the state. From here on its epoch is this
    writer's, and no writer of an earlier epoch gets anything into it.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._mutex = threading.Lock()
        self._open = True
        # SQLite keeps writing into a file that was deleted or replaced, and nobody would ever read
        # it.
        self._identity = _identity(path)
        self._connection = connect(path, "mode=rw")
        try:
            _check_tables(self._connection)
            self._epoch = _raise_epoch(self._connection)
        except BaseException:
            self._connection.close()
            raise

    def header(self) -> Header:
        with self._reading():
            return rows.header(self._connection)

    def records(self) -> dict[str, Record]:
        with self._reading():
            return rows.records(self._connection)

    def some_records(self, names: Iterable[str]) -> dict[str, Record]:
        with self._reading():
            return rows.some_records(self._connection, names)

    def next_records(self, after: str, most: int, *, failed: bool) -> list[Record]:
        with self._reading():
            return rows.page(self._connection, after, most, failed=failed)

    def amounts(self) -> Amounts:
        with self._reading():
            return rows.amounts(self._connection)

    def pending_records(self) -> dict[str, Record]:
        with self._reading():
            return rows.pending_records(self._connection)

    def verify(self, names: Iterable[str]) -> None:
        with self._reading():
            rows.verify(self._connection, names)

    def uploads(self, contents: Iterable[str], storage: str) -> Mapping[str, str]:
        with self._reading():
            return rows.uploads(self._connection, contents, storage)

    def contents(self, refs: Iterable[str]) -> Mapping[str, str]:
        with self._reading():
            return rows.contents(self._connection, refs)

    def claim(self, target: str) -> None:
        with self._writing(grow=0):
            header = rows.header(self._connection)
            if header.target not in ("", target):
                raise foreign(header.target, target)
            rows.put_header(self._connection, replace(header, target=target))

    def intend(self, intents: Sequence[Intent]) -> None:
        with self._writing(grow=0):
            rows.put_intents(self._connection, intents)

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
        changed = {*removed, *(one.name for one in records)}
        with self._writing(grow=1 if changed else 0) as header:
            rows.forget_uploads(self._connection, lost)
            rows.put(self._connection, records, removed, uploads)
            if changed:
                log_change(self._connection, header.serial, changed)

    def raise_serial(self, least: int) -> None:
        with self._writing(grow=0) as header:
            if header.serial < least:
                rows.put_header(self._connection, replace(header, serial=least))
                begin_log(self._connection, least)

    def close(self) -> None:
        """Ends the writing. The one file then has all of it, unless a reader is in the way."""
        with self._mutex:
            self._open = False
            # Where the journal cannot be emptied, it stays and has what the file lacks.
            with suppress(sqlite3.Error):
                self._connection.execute(f"PRAGMA busy_timeout = {_PATIENCE_AT_END}")
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._connection.close()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._alone(), transaction(self._connection, "BEGIN"):
            yield

    @contextmanager
    def _writing(self, *, grow: int) -> Iterator[Header]:
        with self._alone():
            if _identity(self._path) != self._identity:
                raise _gone(self._path)
            with transaction(self._connection):
                header = rows.header(self._connection)
                # Checked inside the transaction: a check before it could be true and the write come
                # after the other's.
                if header.epoch != self._epoch:
                    raise taken_over()
                if grow:
                    header = replace(header, serial=header.serial + grow)
                    rows.put_header(self._connection, header)
                yield header

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._mutex, explained(self._path):
            if not self._open:
                raise ended()
            yield


def _check_tables(connection: sqlite3.Connection) -> None:
    """Raises sqlite3.Error where a table has not the columns that will be written.

    A flipped bit in the text of a table is met only when a row is put into it: the project would
    have been changed by then.
    """
    for statement in (rows.PUT_RECORD, rows.PUT_INTENT, rows.PUT_UPLOAD, PUT_CHANGE):
        connection.execute(f"EXPLAIN {statement}", (None,) * statement.count("?"))


def _raise_epoch(connection: sqlite3.Connection) -> int:
    connection.execute("PRAGMA journal_mode = WAL")
    # An intent that is lost in a power cut is a create that nobody knows of. That costs a wait for
    # the disk, which is why intents are written in groups.
    connection.execute("PRAGMA synchronous = FULL")
    # Without it macOS calls written what a drive still holds in its cache.
    connection.execute("PRAGMA fullfsync = ON")
    with transaction(connection):
        header = rows.header(connection)
        rows.put_header(connection, replace(header, epoch=header.epoch + 1))
        return header.epoch + 1


def _identity(path: str) -> tuple[int, int] | None:
    try:
        now = os.stat(path)
    except FileNotFoundError:
        return None
    return now.st_dev, now.st_ino


def _gone(path: str) -> StoreError:
    return StoreError(
        f"The state {path} was deleted or replaced while this run was writing to it.",
        hint="Put it back from a backup, or rebuild it from the project with `rbsync refresh`.",
    )
