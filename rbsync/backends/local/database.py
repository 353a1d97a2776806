"""One SQLite file that several threads and processes read and write."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from threading import RLock

from rbsync.backends.local.disk import sync_folder
from rbsync.backends.local.disk_failures import database_failures, disk_failures
from rbsync.errors import BackendError
from rbsync.trust.inert_tables import program_in

VERSION = 1
# Marks the database as an rbsync project ("rbsp"), for this program and for file(1).
APPLICATION = 0x72627370

_MARKS = "SELECT user_version, application_id FROM pragma_user_version, pragma_application_id"

_TABLES = """
CREATE TABLE project (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    taxonomy TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE TABLE tasks (
    task_id TEXT PRIMARY KEY,
    dp_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    items TEXT NOT NULL,
    storage TEXT NOT NULL,
    labels INTEGER NOT NULL,
    stage TEXT NOT NULL,
    priority REAL,
    metadata TEXT NOT NULL,
    stamp TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX tasks_of_stage ON tasks (stage, name);
CREATE TABLE labels (
    task_id TEXT PRIMARY KEY REFERENCES tasks ON DELETE CASCADE,
    json TEXT NOT NULL
);
CREATE TABLE extras (
    task_id TEXT NOT NULL REFERENCES tasks ON DELETE CASCADE,
    facet TEXT NOT NULL,
    json TEXT NOT NULL,
    refs TEXT NOT NULL,
    PRIMARY KEY (task_id, facet)
);
CREATE TABLE uploads (
    path TEXT PRIMARY KEY,
    ref TEXT NOT NULL,
    size INTEGER NOT NULL,
    type TEXT NOT NULL,
    encoding TEXT NOT NULL
);
"""


def has_tables(connection: sqlite3.Connection) -> bool:
    """Tells whether the tables are there. Raises BackendError when they are not ours to read."""
    version, application = connection.execute(_MARKS).fetchone()
    if version == 0 and application == 0:
        return False
    # A folder that has somebody's `project.db` already must not be written to.
    if application != APPLICATION:
        raise BackendError(
            "project.db belongs to another program", hint="give the project another path"
        )
    if program := program_in(connection):
        raise BackendError(f"project.db: {program}", hint="give the project another path")
    if version > VERSION:
        raise BackendError(
            f"the project is of version {version}, this rbsync reads up to {VERSION}",
            hint="upgrade rbsync",
        )
    return True


def make_tables(connection: sqlite3.Connection) -> None:
    """Makes the tables, inside the transaction that is open."""
    # Not `executescript`, which commits the transaction that is open.
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


BUSY_SECONDS = 30.0
_PAUSE = 0.01
_LOST = "the project's database took back this change with another that failed"


class Database:
    """Transactions on the file ``path``; what they change is durable when they end.

    The threads of a process share one connection, one at a time; other processes are waited for,
    up to ``busy`` seconds. Every method raises BackendError.
    """

    def __init__(self, path: str, busy: float = BUSY_SECONDS) -> None:
        self._path = path
        self._busy = busy
        self._lock = RLock()
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._is_made = False
        self._grouped = False
        self._lost = False
        self._turn = 0

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """One consistent view; None when there is no project yet, which this does not make."""
        with self._lock, database_failures():
            # Within a group a reader sees what the group has written; a second connection would
            # not.
            if begun := self._begun():
                yield begun
                return
            connection = self._open() if self._connection or self._is_there() else None
            if connection is None or not has_tables(connection):
                yield None
                return
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is committed unless its block raises; makes what is not there.

        In a ``group`` it is committed with it.
        """
        with self._lock, nullcontext() if self._grouped else self.group(), database_failures():
            connection = self._begun() or self._begin()
            # One refused datapoint of a batch must not take the others back with it.
            connection.execute("SAVEPOINT part")
            try:
                yield connection
            except BaseException:
                self._take_back(connection)
                raise
            connection.execute("RELEASE part")

    @contextmanager
    def group(self) -> Iterator[None]:
        """One commit for all that this thread writes in the block.

        Of a ``writing`` whose block raises, nothing is left, and the others stay. When this
        raises, none of them was done. ``commit`` may come before the end of the block.
        """
        with self._lock, database_failures():
            self._grouped, self._lost = True, False
            try:
                yield
                self.commit()
            finally:
                self._grouped = False
                if self._connection and self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def _begun(self) -> sqlite3.Connection | None:
        """The connection of a group that has begun to write: there is nothing to check any more."""
        found = self._connection if self._grouped else None
        return found if found and found.in_transaction else None

    @property
    def turn(self) -> int:
        """The number of the transaction that is being written, 0 if none is.

        While one is, no other process can change what it has read.
        """
        return self._turn if self._begun() else 0

    def _begin(self) -> sqlite3.Connection:
        connection = self._open_to_write()
        connection.execute("BEGIN IMMEDIATE")
        self._turn += 1
        if not has_tables(connection):
            make_tables(connection)
        self._is_made = True
        return connection

    def _take_back(self, connection: sqlite3.Connection) -> None:
        """Undoes a part; after some errors, as of a full disk, SQLite has undone the whole."""
        if connection.in_transaction:
            connection.execute("ROLLBACK TO part")
            connection.execute("RELEASE part")
        else:
            self._lost = True

    @property
    def is_changed(self) -> bool:
        """Tells whether the group has anything to commit."""
        return self._lost or self._begun() is not None

    def commit(self) -> None:
        """Makes durable what a group has written.

        For its own thread, or another one that it waits for and leaves the connection to.
        """
        if self._lost:
            raise BackendError(_LOST, hint="check the disk of the project, then run again")
        if begun := self._begun():
            # A commit that fails may have reached the disk. It is the one failure after which
            # nobody knows.
            with database_failures(committing=True):
                begun.execute("COMMIT")

    def close(self) -> None:
        with self._lock:
            if self._connection:
                self._connection.close()
            self._connection, self._is_made = None, False

    def _is_there(self) -> bool:
        return os.path.exists(self._path)

    def _open(self) -> sqlite3.Connection:
        if self._connection:
            self._check_inode()
            return self._connection
        with disk_failures("open the project"):
            found = sqlite3.connect(
                self._path, timeout=self._busy, isolation_level=None, check_same_thread=False
            )
            self._inode = os.stat(self._path).st_ino
        try:
            found.execute("PRAGMA synchronous = FULL")
            # Off by default in SQLite; labels would outlive their tasks.
            found.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            found.close()
            raise
        self._connection = found
        return found

    def _check_inode(self) -> None:
        """Refuses a file that was deleted or replaced.

        What is written to it would be lost silently.
        """
        try:
            same = os.stat(self._path).st_ino == self._inode
        except OSError:
            same = False
        if not same:
            raise BackendError(
                "the project was removed or replaced while it was in use", hint="run again"
            )

    def _open_to_write(self) -> sqlite3.Connection:
        if self._connection is None and not self._is_there():
            folder = os.path.dirname(self._path)
            with disk_failures("make the project's folder"):
                os.makedirs(folder, exist_ok=True)
                connection = self._open()
                # The database may be durable and its name not.
                sync_folder(folder)
        connection = self._open()
        if not self._is_made and not has_tables(connection):
            self._use_wal(connection)
        return connection

    def _use_wal(self, connection: sqlite3.Connection) -> None:
        """SQLite does not wait for others when it changes the mode, so this does."""
        deadline = time.monotonic() + self._busy
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE)
            else:
                return
