"""Remember listings and hashes between runs. Deleting the cache costs time, never correctness."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from array import array
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rbsync.files.hashing import DIGEST_SIZE
from rbsync.files.listing import Listing
from rbsync.model.fingerprint import Algorithm

FORMAT = 1

_SCHEMA = """
CREATE TABLE IF NOT EXISTS folder (
    path TEXT PRIMARY KEY, names BLOB, stats BLOB, digests BLOB, kinds BLOB
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS checked (
    content TEXT, context TEXT, fingerprint TEXT, PRIMARY KEY (content, context)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS memo (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
"""


class Row(NamedTuple):
    """A folder as it was remembered."""

    names: bytes
    stats: bytes
    digests: bytes
    kinds: bytes

    def listing(self, path: str) -> Listing:
        """The remembered folder, opened up to be looked through by name."""
        names = self.names.decode("utf-8", "surrogateescape").split("\0") if self.kinds else []
        listing = Listing(path, names, array("q"), [], {}, [])
        listing.stats.frombytes(self.stats)
        listing.digests = bytearray(self.digests)
        listing.kinds = bytearray(self.kinds)
        return listing


class Cache:
    """An SQLite file beside the state; a damaged or older one is thrown away and made anew.

    ``clock_offset`` is what the file system's clock is behind ours, in ns and at most 0.

    Whatever goes wrong with it is no error of the run: what cannot be read is unknown, what
    cannot be written is forgotten.
    """

    def __init__(self, path: str, algorithm: Algorithm) -> None:
        self.path = path
        self.clock_offset = 0
        self._mark = f"{FORMAT}:{algorithm}:{DIGEST_SIZE[algorithm]}"
        self._db = self._open()

    def _open(self) -> sqlite3.Connection | None:
        for _ in range(2):
            try:
                return self._connect()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    return None
                with contextlib.suppress(OSError):
                    os.unlink(self.path)
            except OSError:
                return None
        return None

    def _connect(self) -> sqlite3.Connection:
        folder = os.path.dirname(self.path)
        if not os.path.isdir(folder):
            return self._in_memory()
        self.clock_offset = _clock_offset(folder)
        db = sqlite3.connect(self.path, timeout=5, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=OFF")
        db.executescript(_SCHEMA)
        self._check_mark(db)
        return db

    def _in_memory(self) -> sqlite3.Connection:
        db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        db.executescript(_SCHEMA)
        return db

    def _check_mark(self, db: sqlite3.Connection) -> None:
        row = db.execute("SELECT value FROM memo WHERE key = 'format'").fetchone()
        if row == (self._mark,):
            return
        for table in ("folder", "checked", "memo"):
            db.execute(f"DELETE FROM {table}")  # noqa: S608  (the names stand right here)
        db.execute("INSERT INTO memo VALUES ('format', ?)", (self._mark,))

    def folder(self, path: str) -> Row | None:
        """What is remembered of a folder."""
        row = self._one("SELECT names, stats, digests, kinds FROM folder WHERE path = ?", path)
        return Row(*row) if row else None

    def put_folders(self, rows: Iterable[tuple[str, Row]]) -> None:
        """Remembers folders."""
        query = "INSERT OR REPLACE INTO folder VALUES (?, ?, ?, ?, ?)"
        self._many(query, ((path, *row) for path, row in rows))

    def checked(self, context: str) -> dict[str, str]:
        """Fingerprints of contents that passed a check under the same circumstances."""
        if self._db is None:
            return {}
        query = "SELECT content, fingerprint FROM checked WHERE context = ?"
        with contextlib.suppress(sqlite3.Error):
            return dict(self._db.execute(query, (context,)).fetchall())
        return {}

    def put_checked(self, context: str, rows: Sequence[tuple[str, str]]) -> None:
        """Remembers that contents passed a check."""
        self._many(
            "INSERT OR REPLACE INTO checked VALUES (?, ?, ?)", ((c, context, f) for c, f in rows)
        )

    def memo(self, key: str) -> str | None:
        """A remembered value."""
        row = self._one("SELECT value FROM memo WHERE key = ?", key)
        return str(row[0]) if row else None

    def put_memo(self, key: str, value: str) -> None:
        """Remembers a value."""
        self._many("INSERT OR REPLACE INTO memo VALUES (?, ?)", [(key, value)])

    def close(self) -> None:
        """Closes the file."""
        if self._db is not None:
            self._db.close()

    def _one(self, query: str, key: str) -> tuple[bytes, ...] | None:
        if self._db is None:
            return None
        with contextlib.suppress(sqlite3.Error, UnicodeEncodeError):
            row: tuple[bytes, ...] | None = self._db.execute(query, (key,)).fetchone()
            return row
        return None

    def _many(self, query: str, rows: Iterable[tuple[object, ...]]) -> None:
        if self._db is None:
            return
        with contextlib.suppress(sqlite3.Error, UnicodeEncodeError):
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany(query, rows)
            except BaseException:
                self._db.rollback()
                raise
            self._db.commit()


def _clock_offset(folder: str) -> int:
    """How far the file system's clock is ahead of ours, in ns; a file server has its own."""
    probe = os.path.join(folder, f".clock-{os.getpid()}")
    try:
        descriptor = os.open(probe, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except OSError:
        return 0
    try:
        before = time.time_ns()
        os.utime(descriptor)
        seen = os.fstat(descriptor).st_mtime_ns
    finally:
        os.close(descriptor)
        os.unlink(probe)
    return min(0, seen - before)
