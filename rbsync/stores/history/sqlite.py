"""The history that is used when nothing else is asked for: one SQLite file in a folder."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, TypeVar

import xxhash

from rbsync.errors import StoreError
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.history import Change, Run
from rbsync.stores.faults import FREE_HINT, is_full
from rbsync.stores.history import kept_contents
from rbsync.stores.history.base import Swept
from rbsync.stores.history.packing import unpack
from rbsync.stores.sqlite_connections import connect, transaction
from rbsync.trust.inert_tables import program_in

TABLES = (
    "CREATE TABLE meta (format INTEGER NOT NULL, placed INTEGER NOT NULL DEFAULT 0)",
    "CREATE TABLE run (id TEXT NOT NULL PRIMARY KEY, command TEXT NOT NULL,"
    " started DOUBLE PRECISION NOT NULL, who TEXT NOT NULL, host TEXT NOT NULL,"
    " revision TEXT NOT NULL, dataset TEXT NOT NULL, undoes TEXT NOT NULL,"
    " ended DOUBLE PRECISION, created INTEGER NOT NULL, updated INTEGER NOT NULL,"
    " deleted INTEGER NOT NULL, failed INTEGER NOT NULL, exit_code INTEGER,"
    " moved INTEGER NOT NULL DEFAULT 0, seal INTEGER NOT NULL)",
    # ``was``, ``now``, ``parts`` and ``refs`` are JSON lists, or NULL.
    "CREATE TABLE change (number INTEGER NOT NULL PRIMARY KEY, run TEXT NOT NULL,"
    " name TEXT NOT NULL, verb TEXT NOT NULL, facets TEXT NOT NULL, was TEXT, now TEXT,"
    " before TEXT NOT NULL, parts TEXT, refs TEXT, time DOUBLE PRECISION NOT NULL,"
    " renamed TEXT NOT NULL, seal INTEGER NOT NULL)",
    "CREATE INDEX change_of_run ON change (run)",
    "CREATE INDEX change_of_name ON change (name)",
    "CREATE INDEX change_of_renamed ON change (renamed) WHERE renamed <> ''",
    *kept_contents.TABLES,
)
PUT_RUN = (
    "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO"
    " UPDATE SET ended = excluded.ended, created = excluded.created, updated = excluded.updated,"
    " deleted = excluded.deleted, failed = excluded.failed, exit_code = excluded.exit_code,"
    " moved = excluded.moved, seal = excluded.seal"
)
CHANGED = "run, name, verb, facets, was, now, before, parts, refs, time, renamed"
RAN = (
    "id, command, started, who, host, revision, dataset, undoes, ended, created, updated,"
    " deleted, failed, exit_code, moved"
)
PUT_CHANGE = f"INSERT INTO change ({CHANGED}, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  (a constant)
CHANGE = f"SELECT {CHANGED}, seal FROM change"  # noqa: S608  (a constant)
RUN = f"SELECT {RAN}, seal FROM run"  # noqa: S608  (a constant)
# On a machine that begins in 1970 until its clock is set, a run of a minute ago is 50 years old. So
# one that came after a run that is kept is kept too.
OLD_RUNS = (
    "SELECT id FROM run WHERE rowid <"
    " (SELECT coalesce(min(CASE WHEN started >= ? THEN rowid END), max(rowid) + 1) FROM run)"
)
FORMAT = 4
"""In format 1 runs did not count moves; in format 2 contents lay in the order of their digests; in
format 3 rows had no seals."""

UPGRADES = {
    1: ("ALTER TABLE run ADD COLUMN moved INTEGER NOT NULL DEFAULT 0",),
    2: kept_contents.UPGRADE,
    3: (
        "ALTER TABLE run ADD COLUMN seal INTEGER NOT NULL DEFAULT 0",
        f"UPDATE run SET seal = seal_of({RAN})",  # noqa: S608  (a constant)
        "ALTER TABLE change ADD COLUMN seal INTEGER NOT NULL DEFAULT 0",
        f"UPDATE change SET seal = seal_of({CHANGED})",  # noqa: S608  (a constant)
    ),
}

Row = tuple[Any, ...]

_LAST = 253_402_300_799.0
"""The last second, since the epoch, of the last year of calendars."""


class DamagedRowError(Exception):
    """A row is not as it was written."""


def seal_of(*row: object) -> int:
    """The seal of a row, as a signed number of 64 bits.

    With another name in it a change would have somebody else's labels put back.
    """
    # Not as JSON, as those of a state: it takes twice as long, for each datapoint that changes.
    values = [one if type(one) is str else "" if one is None else repr(one) for one in row]
    return xxhash.xxh3_64_intdigest("\0".join(values).encode()) - (1 << 63)


def run_row(one: Run) -> Row:
    started, ended = float(one.started), None if one.ended is None else float(one.ended)
    head = (one.id, one.command, started, one.user, one.host, one.revision, one.dataset)
    counts = (one.created, one.updated, one.deleted, one.failed, one.exit_code, one.moved)
    row = (*head, json.dumps(one.undoes), ended, *counts)
    return (*row, seal_of(*row))


def run_of(row: Row) -> Run:
    values = _opened(row)
    values[7] = tuple(json.loads(values[7]))
    _check_times(values[2], values[8] or 0.0)
    return Run(*values)


def _check_times(*times: float) -> None:
    if not all(0.0 <= one <= _LAST for one in times):
        raise DamagedRowError


def _opened(row: Row) -> list[Any]:
    *values, seal = row
    if seal_of(*values) != seal:
        raise DamagedRowError
    return values


def change_row(one: Change) -> Row:
    row = (
        one.run,
        one.name,
        one.verb,
        ",".join(one.facets),
        _listed(one.was),
        _listed(one.now),
        one.before,
        _listed(one.parts),
        _listed(one.refs),
        float(one.time),
        one.renamed,
    )
    return (*row, seal_of(*row))


def change_of(row: Row) -> Change:
    run, name, verb, facets, was, now, before, parts, refs, time, renamed = _opened(row)
    _check_times(time)
    return Change(
        run,
        name,
        verb,
        tuple(facets.split(",")) if facets else (),
        Fingerprint(*json.loads(was)) if was else None,
        Fingerprint(*json.loads(now)) if now else None,
        before,
        tuple(json.loads(parts)) if parts else (),
        tuple(json.loads(refs)) if refs else (),
        time,
        renamed,
    )


def _listed(values: Sequence[str] | None) -> str | None:
    return _as_text(values) if values else None


# Made once: `json.dumps` looks at each of its options anew, for four lists a change.
_as_text = json.JSONEncoder().encode


FILE = "history.db"
T = TypeVar("T")


class SqliteHistory:
    """Satisfies ``History``; the file is made when something is written to it."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._path = os.path.join(folder, FILE)
        self._connection: sqlite3.Connection | None = None
        self._synchronous = ""
        self._is_made = False
        self._contents = kept_contents.KeptContents()
        self._lock = threading.Lock()

    def begin(self, run: Run) -> None:
        with self._writing("NORMAL") as connection:
            self._contents.forget()
            kept_contents.put_in_order(connection)
            connection.execute(PUT_RUN, run_row(run))

    def note(self, changes: Sequence[Change]) -> None:
        # They survive a killed process; the next content, or the end, makes them durable.
        with self._writing("NORMAL") as connection:
            connection.executemany(PUT_CHANGE, map(change_row, changes))

    def keep(self, changes: Sequence[Change], contents: Mapping[str, bytes]) -> None:
        with self._writing("FULL") as connection:
            self._contents.keep(connection, contents)
            connection.executemany(PUT_CHANGE, map(change_row, changes))

    def end(self, run: Run) -> None:
        with self._writing("FULL") as connection:
            connection.execute(PUT_RUN, run_row(run))
            kept_contents.put_in_order(connection)

    def runs(self) -> list[Run]:
        # Not by their times: a clock that was set back would have another run be the last one, and
        # `rbsync undo` take that back.
        order = f"{RUN} ORDER BY rowid DESC"
        return self._ask(lambda one: [run_of(row) for row in one.execute(order)], [])

    def changes(self, runs: Iterable[str]) -> list[Change]:
        query = f"{CHANGE} WHERE run = ?"
        found = [change for run in runs for change in self._changes(query, (run,))]
        return [change for _, change in sorted(found, key=lambda one: one[0], reverse=True)]

    def life(self, name: str) -> list[Change]:
        found = self._changes(f"{CHANGE} WHERE name = ? OR renamed = ?", (name, name))
        return [change for _, change in sorted(found, key=lambda one: one[0], reverse=True)]

    def _changes(self, query: str, values: Sequence[str]) -> list[tuple[int, Change]]:
        numbered = query.replace("SELECT ", "SELECT number, ", 1)

        def ask(connection: sqlite3.Connection) -> list[tuple[int, Change]]:
            return [(row[0], change_of(row[1:])) for row in connection.execute(numbered, values)]

        return self._ask(ask, [])

    def content(self, digest: str) -> bytes:
        found = self._ask(lambda one: self._contents.packed(one, digest), None)
        return unpack(digest, found)

    def refs(self) -> frozenset[str]:
        query = "SELECT DISTINCT value FROM change, json_each(change.refs) WHERE refs IS NOT NULL"
        nothing: frozenset[str] = frozenset()
        return self._ask(lambda one: frozenset(ref for (ref,) in one.execute(query)), nothing)

    def size(self) -> int:
        query = "SELECT coalesce(sum(length(data)), 0) FROM content"
        return self._ask(lambda one: int(one.execute(query).fetchone()[0]), 0)

    def sweep(self, before: float) -> Swept:
        nothing: list[Row] = []
        # Asked first: to take nothing away, nothing is written and no writer is waited for.
        if not self._ask(lambda one: _runs_before(one, before), nothing):
            return Swept(0, 0, 0)
        with self._writing("FULL") as connection:
            return _sweep(connection, before)

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                with suppress(sqlite3.Error):
                    self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                self._connection.close()
            self._connection, self._synchronous, self._is_made = None, "", False

    def _ask(self, ask: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        with self._lock, _explained(self._path):
            if self._connection is None and not os.path.exists(self._path):
                return otherwise
            connection = self._open()
            if not self._has_tables(connection):
                return otherwise
            with _as_written():
                return ask(connection)

    @contextmanager
    def _writing(self, synchronous: str) -> Iterator[sqlite3.Connection]:
        with self._lock, _explained(self._path):
            connection = self._open()
            if synchronous != self._synchronous:
                connection.execute(f"PRAGMA synchronous = {synchronous}")
                self._synchronous = synchronous
            try:
                with transaction(connection):
                    if not self._has_tables(connection):
                        _make(connection)
                    yield connection
            except BaseException:
                # What was taken back is not kept, though it was added.
                self._contents.forget()
                raise

    def _has_tables(self, connection: sqlite3.Connection) -> bool:
        # Asked once for each connection: workers write small groups, of which it was a third.
        self._is_made = self._is_made or _is_made(connection, self._path)
        return self._is_made

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            self._connection = connect(self._path, "mode=rwc")
            self._connection.create_function("seal_of", -1, seal_of, deterministic=True)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA fullfsync = ON")
        return self._connection


@contextmanager
def _explained(path: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.InterfaceError):
        # These are mistakes of the program, not of the file.
        raise
    except (sqlite3.Error, OSError) as error:
        if is_full(path, error):
            message = f"The history {path} cannot be used: the disk is full."
            raise StoreError(message, hint=FREE_HINT) from error
        raise _unusable(path, str(error)) from error
    except DamagedRowError as error:
        raise _unusable(path, "a row of it is not what was written") from error


@contextmanager
def _as_written() -> Iterator[None]:
    """Takes a row that cannot be understood for one that was not written so.

    Raises DamagedRowError.
    """
    try:
        yield
    except (ValueError, TypeError, OverflowError) as error:
        raise DamagedRowError from error


def _unusable(path: str, why: str) -> StoreError:
    return StoreError(
        f"The history {path} cannot be used: {why}.",
        hint="Check the disk and the folder, or keep the history elsewhere: --history DIR.",
    )


def _is_made(connection: sqlite3.Connection, path: str) -> bool:
    tables = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone()
    if program := program_in(connection):
        raise _unusable(path, program)
    if tables is None:
        return False
    if (present := _format(connection)) < FORMAT:
        _upgrade(connection)
    if present > FORMAT:
        raise StoreError(
            f"The history {path} has format {present}; this rbsync knows formats up to {FORMAT}.",
            hint="Upgrade rbsync. Nothing was read or written.",
        )
    return True


def _format(connection: sqlite3.Connection) -> int:
    (present,) = connection.execute("SELECT format FROM meta").fetchone() or ("",)
    if not isinstance(present, int):
        raise DamagedRowError
    return present


def _upgrade(connection: sqlite3.Connection) -> None:
    # Who reads has no transaction yet. Another process may have upgraded it since it was looked at.
    with nullcontext() if connection.in_transaction else transaction(connection):
        for before in range(_format(connection), FORMAT):
            for statement in UPGRADES[before]:
                connection.execute(statement)
        connection.execute("UPDATE meta SET format = ?", (FORMAT,))
        kept_contents.put_in_order(connection)


def _make(connection: sqlite3.Connection) -> None:
    for statement in TABLES:
        connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES (?, 0)", (FORMAT,))


def _sweep(connection: sqlite3.Connection, before: float) -> Swept:
    old = _runs_before(connection, before)
    connection.executemany("DELETE FROM change WHERE run = ?", old)
    connection.executemany("DELETE FROM run WHERE id = ?", old)
    # What no change of a run that is left names, itself or by one of its parts.
    return Swept(len(old), *kept_contents.sweep_unused(connection))


def _runs_before(connection: sqlite3.Connection, before: float) -> list[Row]:
    return connection.execute(OLD_RUNS, (before,)).fetchall()
