"""Records, intents and uploads as rows, and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from rbsync.collector import paused_collector
from rbsync.errors import StoreError
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.outcome import Failure
from rbsync.model.record import Header, Intent, Record
from rbsync.stores.base import Upload

PUT_RECORD = (
    "INSERT INTO record (name, items, labels, settings, task_id, failure, attempted)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET items = excluded.items,"
    " labels = excluded.labels, settings = excluded.settings, task_id = excluded.task_id,"
    " failure = excluded.failure, attempted = excluded.attempted"
)
PUT_INTENT = (
    "INSERT INTO intent (name, operation, items, labels, settings, sent_at)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET operation = excluded.operation,"
    " items = excluded.items, labels = excluded.labels, settings = excluded.settings,"
    " sent_at = excluded.sent_at"
)
PUT_UPLOAD = (
    "INSERT INTO upload (content, storage, ref) VALUES (?, ?, ?)"
    " ON CONFLICT (content, storage) DO UPDATE SET ref = excluded.ref"
)
_RECORD = "SELECT name, items, labels, settings, task_id, failure, attempted FROM record"
_INTENT = "SELECT name, operation, items, labels, settings, sent_at FROM intent"
_PLAIN = (
    "SELECT name, items, labels, settings, task_id FROM record"
    " WHERE items IS NOT NULL AND failure IS NULL AND attempted IS NULL"
)
_SPECIAL = _RECORD + " WHERE items IS NULL OR failure IS NOT NULL OR attempted IS NOT NULL"
_NONE = (None, None, None)
# The least number of parameters that every SQLite takes is 999.
_CHUNK = 900

Row = tuple[Any, ...]


def header(connection: sqlite3.Connection) -> Header:
    rows = connection.execute("SELECT lineage, serial, epoch, target FROM meta")
    return Header(*rows.fetchone())


def records(connection: sqlite3.Connection) -> dict[str, Record]:
    """All records by name; must run inside a transaction, for it asks three times."""
    with paused_collector():
        found = _plain_records(connection)
    for row in connection.execute(_SPECIAL):
        found[row[0]] = _record(row)
    for row in connection.execute(_INTENT):
        found[row[0]] = found.get(row[0], Record(row[0]))._replace(pending=_intent(row))
    return found


def _plain_records(connection: sqlite3.Connection) -> dict[str, Record]:
    # Making the tuples without the named constructors halves the time of a large state.
    new = tuple.__new__
    return {
        name: new(
            Record, (name, new(Fingerprint, (items, labels, settings)), task_id, None, None, None)
        )
        for name, items, labels, settings, task_id in connection.execute(_PLAIN).fetchall()
    }


def record(connection: sqlite3.Connection, name: str) -> Record | None:
    """The record of one name; must run inside a transaction, for it asks twice."""
    row = connection.execute(_RECORD + " WHERE name = ?", (name,)).fetchone()
    intent = connection.execute(_INTENT + " WHERE name = ?", (name,)).fetchone()
    if intent is None:
        return _record(row) if row else None
    return (_record(row) if row else Record(name))._replace(pending=_intent(intent))


def is_settled(connection: sqlite3.Connection) -> bool:
    """Whether there is no intent."""
    return connection.execute("SELECT 1 FROM intent LIMIT 1").fetchone() is None


def uploads(
    connection: sqlite3.Connection, contents: Iterable[str], storage: str
) -> dict[str, str]:
    found: dict[str, str] = {}
    for some in _chunks(contents):
        marks = ", ".join("?" * len(some))
        # Only question marks are put into the text.
        query = f"SELECT content, ref FROM upload WHERE storage = ? AND content IN ({marks})"  # noqa: S608  (as said)
        found.update(connection.execute(query, (storage, *some)).fetchall())
    return found


def contents(connection: sqlite3.Connection, refs: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some in _chunks(refs):
        marks = ", ".join("?" * len(some))
        query = f"SELECT ref, content FROM upload WHERE ref IN ({marks})"  # noqa: S608  (as above)
        found.update(connection.execute(query, some).fetchall())
    return found


def forget_uploads(connection: sqlite3.Connection, contents: Iterable[str]) -> None:
    rows = ((content,) for content in contents)
    connection.executemany("DELETE FROM upload WHERE content = ?", rows)


def put(
    connection: sqlite3.Connection,
    records: Sequence[Record],
    removed: Sequence[str],
    uploads: Sequence[Upload],
) -> None:
    """Removes names, then puts records with their intents, and uploads."""
    connection.executemany("DELETE FROM record WHERE name = ?", ((name,) for name in removed))
    settled = [*removed, *(one.name for one in records)]
    connection.executemany("DELETE FROM intent WHERE name = ?", ((name,) for name in settled))
    connection.executemany(PUT_RECORD, map(_record_row, records))
    put_intents(connection, [one.pending for one in records if one.pending])
    connection.executemany(PUT_UPLOAD, uploads)


def put_intents(connection: sqlite3.Connection, intents: Sequence[Intent]) -> None:
    connection.executemany(PUT_INTENT, map(_intent_row, intents))


def _chunks(contents: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(contents)
    while some := list(islice(rest, _CHUNK)):
        yield some


def _record_row(one: Record) -> Row:
    failure = json.dumps(one.failure._asdict()) if one.failure else None
    attempted = json.dumps(one.attempted) if one.attempted else None
    return (one.name, *(one.applied or _NONE), one.task_id, failure, attempted)


def _intent_row(one: Intent) -> Row:
    return (one.name, one.operation, *(one.fingerprint or _NONE), one.sent_at)


def _record(row: Row) -> Record:
    name, items, labels, settings, task_id, failure, attempted = row
    try:
        return Record(
            name,
            _fingerprint(items, labels, settings),
            task_id,
            Failure(**json.loads(failure)) if failure else None,
            Fingerprint(*json.loads(attempted)) if attempted else None,
        )
    except (ValueError, TypeError) as error:
        raise StoreError(
            f"The record of {name!r} cannot be read: {error}.",
            hint="Rebuild the state from the project with `rbsync refresh`.",
        ) from error


def _intent(row: Row) -> Intent:
    name, operation, items, labels, settings, sent_at = row
    return Intent(name, operation, _fingerprint(items, labels, settings), sent_at)


def _fingerprint(items: str | None, labels: str, settings: str) -> Fingerprint | None:
    return None if items is None else Fingerprint(items, labels, settings)
