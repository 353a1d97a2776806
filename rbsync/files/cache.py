"""Remember listings and hashes between runs. Deleting the cache costs time, never correctness."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import xxhash

from rbsync.files.file_facts import DIGEST_SIZE
from rbsync.files.listing import Listing
from rbsync.model.fingerprint import Algorithm
from rbsync.trust.inert_tables import program_in

FORMAT = 6

_SCHEMA = """
CREATE TABLE folder (
    path BLOB PRIMARY KEY, names BLOB, stats BLOB, digests BLOB, kinds BLOB, seal BLOB
) WITHOUT ROWID;
CREATE TABLE checked (
    content TEXT, context TEXT, fingerprint TEXT, PRIMARY KEY (content, context)
) WITHOUT ROWID;
CREATE TABLE unit (
    source INTEGER, folder BLOB, folds BLOB, folds_seal BLOB, files BLOB, names BLOB, asked BLOB,
    digests BLOB, labels BLOB, seal BLOB, PRIMARY KEY (source, folder)
) WITHOUT ROWID;
CREATE TABLE memo (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
"""


# A column or table that changes raises FORMAT, and the tables are made anew: nothing here is worth
# a migration.
_TABLES = ("folder", "checked", "unit", "memo")


class Row(NamedTuple):
    """A folder as it was remembered."""

    names: bytes
    stats: bytes
    digests: bytes
    kinds: bytes

    @classmethod
    def of(cls, listing: Listing) -> Row:
        """Packs all that is known of a folder."""
        known = bytes(listing.digests), bytes(listing.kinds)
        return cls(listing.joined, listing.stats.tobytes(), *known)

    def listing(self, path: str) -> Listing:
        """The remembered folder, opened up to be looked through by name."""
        listing = Listing(path, self.names, array("q"), [], {}, [])
        listing.stats.frombytes(self.stats)
        listing.digests = bytearray(self.digests)
        listing.kinds = bytearray(self.kinds)
        return listing

    def seal(self) -> bytes:
        """Returns what tells whether the row is as it was written; the database does not check
        that.
        """
        return _seal_of(self)


UnitId = tuple[int, str]
"""The number of a source, and a folder."""

Columns = tuple[bytes, ...]
"""What is kept of a unit; the first is read of all units at once."""


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
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                if not _is_damage(error):
                    return None
                self._unlink()
            except OSError:
                return None
        return None

    def _unlink(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                os.unlink(self.path + suffix)

    def _connect(self) -> sqlite3.Connection:
        folder = os.path.dirname(self.path)
        # `plan` in a folder that was never set up leaves no trace in it.
        if not os.path.isdir(folder):
            return self._in_memory()
        self.clock_offset = _clock_offset(folder)
        db = sqlite3.connect(self.path, timeout=5, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            # A cache that is lost in a power cut is made again. Waiting for the disk for each
            # folder would make it slower than hashing.
            db.execute("PRAGMA synchronous=OFF")
            self._check_mark(db)
        except BaseException:
            db.close()
            raise
        return db

    def _in_memory(self) -> sqlite3.Connection:
        db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._check_mark(db)
        return db

    def _check_mark(self, db: sqlite3.Connection) -> None:
        """Makes the tables anew unless they are of this format and algorithm."""
        if program := program_in(db):
            raise sqlite3.DatabaseError(program)
        if self._has_mark(db):
            return
        db.execute("BEGIN IMMEDIATE")
        # Asked again inside the transaction: two plans that begin together would both make the
        # tables.
        if not self._has_mark(db):
            for table in _TABLES:
                db.execute(f"DROP TABLE IF EXISTS {table}")
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            db.execute("INSERT INTO memo VALUES ('format', ?)", (self._mark,))
        db.execute("COMMIT")

    def _has_mark(self, db: sqlite3.Connection) -> bool:
        try:
            row = db.execute("SELECT value FROM memo WHERE key = 'format'").fetchone()
        except sqlite3.OperationalError:
            return False
        return bool(row == (self._mark,))

    def folder(self, path: str) -> Row | None:
        """Returns what is remembered of a folder."""
        query = "SELECT names, stats, digests, kinds, seal FROM folder WHERE path = ?"
        found = self._one(query, os.fsencode(path))
        if found is None or not all(isinstance(part, bytes) for part in found):
            return None
        row = Row(*found[:-1])
        # One flipped bit in a digest would be an update of a datapoint that nobody changed.
        return row if row.seal() == found[-1] else None

    def put_folders(self, rows: Iterable[tuple[str, Row]]) -> None:
        """Remembers folders."""
        query = "INSERT OR REPLACE INTO folder VALUES (?, ?, ?, ?, ?, ?)"
        self._many(query, ((os.fsencode(path), *row, row.seal()) for path, row in rows))

    def folders(self) -> list[str]:
        """The paths of the folders that are remembered."""
        if self._db is None:
            return []
        with self._forgiving():
            return [os.fsdecode(path) for (path,) in self._db.execute("SELECT path FROM folder")]
        return []

    def forget(self, folders: Iterable[str]) -> None:
        """Forgets folders, and the checks of contents that no folder has any more."""
        self._many("DELETE FROM folder WHERE path = ?", ((os.fsencode(one),) for one in folders))
        if self._db is None:
            return
        with self._forgiving():
            every = [
                str(one) for (one,) in self._db.execute("SELECT DISTINCT content FROM checked")
            ]
            gone = self._without_file({part for one in every for part in one.split(" ")})
            lost = [one for one in every if not gone.isdisjoint(one.split(" "))]
            self._many("DELETE FROM checked WHERE content = ?", ((one,) for one in lost))

    def _without_file(self, contents: set[str]) -> set[str]:
        """Those of some content identities that no folder has; what is none is left out."""
        algorithm = self._mark.split(":")[1]
        width = DIGEST_SIZE[algorithm]
        left = {one for one in contents if one.startswith(algorithm + ":")}
        # Folder by folder: only what was checked is in memory, not each of a million files.
        rows = self._db.execute("SELECT digests FROM folder") if self._db and left else ()
        for (digests,) in rows:
            text = bytes(digests).hex()
            steps = range(0, len(text), 2 * width)
            left.difference_update(f"{algorithm}:{text[at : at + 2 * width]}" for at in steps)
        return left

    def checked(self, context: str) -> dict[str, str]:
        """Fingerprints of contents that passed a check under the same circumstances."""
        if self._db is None:
            return {}
        query = "SELECT content, fingerprint FROM checked WHERE context = ?"
        with self._forgiving():
            rows = self._db.execute(query, (context,)).fetchall()
            # One flipped bit in a fingerprint would be an update of labels that nobody changed.
            return {
                str(content): str(text)[_SEAL:]
                for content, text in rows
                if str(text)[:_SEAL] == _seal(f"{content}\0{context}\0{str(text)[_SEAL:]}")
            }
        return {}

    def put_checked(self, context: str, rows: Sequence[tuple[str, str]]) -> None:
        """Remembers that contents passed a check."""
        sealed = ((c, context, _seal(f"{c}\0{context}\0{f}") + f) for c, f in rows)
        self._many("INSERT OR REPLACE INTO checked VALUES (?, ?, ?)", sealed)

    def memo(self, key: str) -> str | None:
        """A remembered value."""
        row = self._one("SELECT value FROM memo WHERE key = ?", key)
        text = str(row[0]) if row else ""
        seal, value = text[:_SEAL], text[_SEAL:]
        return value if seal and seal == _seal(value) else None

    def put_memo(self, key: str, value: str) -> None:
        """Remembers a value."""
        self.put_memos({key: value})

    def put_memos(self, values: Mapping[str, str]) -> None:
        """Remembers values by their keys."""
        rows = ((key, _seal(value) + value) for key, value in values.items())
        self._many("INSERT OR REPLACE INTO memo VALUES (?, ?)", rows)

    def unit(self, unit: UnitId) -> Columns | None:
        """The memory of a folder of a source."""
        if self._db is None:
            return None
        query = (
            "SELECT folds, files, names, asked, digests, labels, seal FROM unit"
            " WHERE source = ? AND folder = ?"
        )
        with self._forgiving():
            found = self._db.execute(query, (unit[0], os.fsencode(unit[1]))).fetchone()
            return found[:-1] if found and _is_sealed(found) else None
        return None

    def folds(self) -> list[tuple[UnitId, bytes]] | None:
        """The first column of all units; None when one of them is not as it was written."""
        if self._db is None:
            return None
        with self._forgiving():
            rows = self._db.execute("SELECT source, folder, folds, folds_seal FROM unit").fetchall()
            if all(_is_sealed(row[2:]) for row in rows):
                return [((row[0], os.fsdecode(row[1])), row[2]) for row in rows]
        return None

    def put_units(
        self, key: str, value: str, units: Iterable[tuple[UnitId, Columns | None]], *, after: str
    ) -> None:
        """Remembers units, and a value that speaks of all of them, or neither.

        None forgets a unit. ``after`` is the value that spoke of them before: where it is another
        one by now, nothing is remembered. Empty it stands for none, and all units are forgotten
        first.
        """
        if self._db is None:
            return
        with self._forgiving():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                if not after:
                    self._db.execute("DELETE FROM unit")
                # Two plans at once would otherwise mix what they found.
                if not after or self.memo(key) == after:
                    self._write_units(units)
                    self._db.execute(
                        "INSERT OR REPLACE INTO memo VALUES (?, ?)", (key, _seal(value) + value)
                    )
            except BaseException:
                self._db.rollback()
                raise
            self._db.commit()

    def _write_units(self, units: Iterable[tuple[UnitId, Columns | None]]) -> None:
        if self._db is None:
            return
        for (source, folder), columns in units:
            at = (source, os.fsencode(folder))
            if columns is None:
                self._db.execute("DELETE FROM unit WHERE source = ? AND folder = ?", at)
                continue
            folds, *rest = columns
            row = (*at, folds, _seal_of([folds]), *rest, _seal_of(columns))
            self._db.execute(
                "INSERT OR REPLACE INTO unit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row
            )

    def close(self) -> None:
        """Closes the file."""
        if self._db is not None:
            self._db.close()

    def _one(self, query: str, key: str | bytes) -> tuple[bytes, ...] | None:
        if self._db is None:
            return None
        with self._forgiving():
            row: tuple[bytes, ...] | None = self._db.execute(query, (key,)).fetchone()
            return row
        return None

    def _many(self, query: str, rows: Iterable[tuple[object, ...]]) -> None:
        if self._db is None:
            return
        with self._forgiving():
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany(query, rows)
            except BaseException:
                self._db.rollback()
                raise
            self._db.commit()

    @contextlib.contextmanager
    def _forgiving(self) -> Iterator[None]:
        """Goes on without an answer; a file that turns out to be damaged is thrown away."""
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            if _is_damage(error) and self._db is not None:
                self._db.close()
                self._unlink()
                self._db = self._open()


def _is_damage(error: Exception) -> bool:
    """Tells whether an error is that of a damaged file.

    The bare class is one. Its subclasses are a locked or full file, which is sound and must not be
    thrown away. What is no UTF-8 is quoted by the database in its message.
    """
    return type(error) in (sqlite3.DatabaseError, UnicodeDecodeError)


def _seal_of(parts: Iterable[bytes]) -> bytes:
    hasher = xxhash.xxh3_64()
    for part in parts:
        hasher.update(part)
    return bytes(hasher.digest())


def _is_sealed(row: Sequence[object]) -> bool:
    """Tells whether columns with their seal at the end are as they were written."""
    parts = [one for one in row if isinstance(one, bytes)]
    return len(parts) == len(row) and _seal_of(parts[:-1]) == parts[-1]


_SEAL = 16


def _seal(text: str) -> str:
    return xxhash.xxh3_64_hexdigest(text.encode("utf-8", "surrogatepass"))


def _clock_offset(folder: str) -> int:
    """Returns how far the file system's clock is ahead of ours, in ns.

    A file server has its own.
    """
    probe = os.path.join(folder, f".clock-{os.getpid()}")
    flags = os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(probe, flags, 0o600)
    except OSError:
        return 0
    try:
        before = time.time_ns()
        os.utime(descriptor)
        seen = os.fstat(descriptor).st_mtime_ns
    finally:
        os.close(descriptor)
        os.unlink(probe)
    # Only a clock behind ours matters: a file may then look older than its reading, and be trusted
    # too early.
    return min(0, seen - before)
