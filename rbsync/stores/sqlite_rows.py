"""Records, intents and uploads as rows, and back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from rbsync.collector import paused_collector
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.packed_records import PackedRecords
from rbsync.model.record import Header, Intent, Record
from rbsync.stores.base import Amounts, Upload
from rbsync.stores.row_values import (
    Content,
    Row,
    checked,
    intent_of,
    intent_row,
    record_of,
    record_row,
)
from rbsync.stores.seals import BrokenSealError, is_sealed, opened, sealed

PUT_RECORD = (
    "INSERT INTO record (name, items, labels, settings, task_id, failure, attempted, declined,"
    " old_name, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
    " items = excluded.items, labels = excluded.labels, settings = excluded.settings,"
    " task_id = excluded.task_id, failure = excluded.failure, attempted = excluded.attempted,"
    " declined = excluded.declined, old_name = excluded.old_name, seal = excluded.seal"
)
PUT_INTENT = (
    "INSERT INTO intent (name, operation, items, labels, settings, sent_at, declined,"
    " old_name, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
    " operation = excluded.operation, items = excluded.items, labels = excluded.labels,"
    " settings = excluded.settings, sent_at = excluded.sent_at, declined = excluded.declined,"
    " old_name = excluded.old_name, seal = excluded.seal"
)
PUT_UPLOAD = (
    "INSERT INTO upload (content, storage, ref, seal) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (content, storage) DO UPDATE SET ref = excluded.ref, seal = excluded.seal"
)
_RECORD = (
    "SELECT name, items, labels, settings, task_id, failure, attempted, declined, old_name, seal"
    " FROM record"
)
_INTENT = (
    "SELECT name, operation, items, labels, settings, sent_at, declined, old_name, seal FROM intent"
)
_PLAIN = (
    "SELECT name, items, labels, settings, task_id FROM record"
    " WHERE typeof(name) = 'text' AND items IS NOT NULL AND failure IS NULL"
    " AND attempted IS NULL AND declined IS NULL AND old_name IS NULL"
)
_SPECIAL = _RECORD + (
    " WHERE typeof(name) <> 'text' OR items IS NULL OR failure IS NOT NULL"
    " OR attempted IS NOT NULL OR declined IS NOT NULL OR old_name IS NOT NULL"
)
_INTENDED = " UNION SELECT name FROM intent WHERE name > :after"
# The least number of parameters that every SQLite takes is 999.
_CHUNK = 900


def header(connection: sqlite3.Connection) -> Header:
    query = "SELECT format, lineage, serial, epoch, target, seal FROM meta"
    _, *values = opened("header", connection.execute(query).fetchone())
    return Header(*values)


def put_header(connection: sqlite3.Connection, header: Header) -> None:
    (present,) = connection.execute("SELECT format FROM meta").fetchone()
    row = (present, header.lineage, header.serial, header.epoch, header.target)
    connection.execute(
        "UPDATE meta SET lineage = ?, serial = ?, epoch = ?, target = ?, seal = ?",
        sealed(row)[1:],
    )


def records(connection: sqlite3.Connection) -> dict[str, Record]:
    """All records by name; must run inside a transaction, for it asks three times.

    The seals of plain records, which are nearly all, are left to `verify`.
    """
    with paused_collector():
        found = _plain_records(connection)
    return found | _others(connection, found)


def packed_records(connection: sqlite3.Connection) -> Mapping[str, Record]:
    """As `records`, in the order of their names, for who reads and changes nothing."""
    found = PackedRecords.of(connection.execute(_PLAIN + " ORDER BY name"))
    # Of a damaged state a name may stand where it has not to be, and would not be found.
    return records(connection) if found is None else found.changed(_others(connection, found))


def _others(connection: sqlite3.Connection, plain: Mapping[str, Record]) -> dict[str, Record]:
    """The records that are not plain, and those that have an intent."""
    found = {row[0]: record_of(row) for row in connection.execute(_SPECIAL)}
    for row in connection.execute(_INTENT):
        known = found.get(row[0]) or plain.get(row[0]) or Record(row[0])
        found[row[0]] = known._replace(pending=intent_of(row))
    return found


def _plain_records(connection: sqlite3.Connection) -> dict[str, Record]:
    # Making the tuples without the named constructors halves the time of a large state.
    new = tuple.__new__
    # Most datapoints have the settings of their source, and each row would bring a text of its own.
    shared: dict[str, str] = {}
    one_of = shared.setdefault
    return {
        name: new(
            Record,
            (
                name,
                new(Fingerprint, (items, labels, one_of(settings, settings))),
                task_id,
                None,
                None,
                None,
                (),
                "",
            ),
        )
        for name, items, labels, settings, task_id in connection.execute(_PLAIN)
    }


def verify(connection: sqlite3.Connection, names: Iterable[str]) -> None:
    """Raises BrokenSealError when one of these names has a row that is not what was written."""
    for some in _chunks(names):
        marks = ", ".join("?" * len(some))
        missed = set(some)
        for query, read in ((_RECORD, record_of), (_INTENT, intent_of)):
            for row in connection.execute(f"{query} WHERE name IN ({marks})", some):
                missed.discard(read(row).name)
        if missed:
            _refuse_misplaced(connection, sorted(missed))


def _refuse_misplaced(connection: sqlite3.Connection, names: Sequence[str]) -> None:
    """Raises BrokenSealError for a row that is there and that a search by its name misses.

    A name that has changed stands in a wrong place of its table. One that is nowhere was removed
    by another run since.
    """
    marks = ", ".join("?" * len(names))
    for table in ("record", "intent"):
        # The sign keeps SQLite from searching: it has to look at every row.
        query = f"SELECT name FROM {table} WHERE +name IN ({marks})"  # noqa: S608  (ours)
        for (name,) in connection.execute(query, names):
            raise BrokenSealError(f"the {table} of {name!r} is not where it has to be")


def record(connection: sqlite3.Connection, name: str) -> Record | None:
    """The record of one name; must run inside a transaction, for it asks twice."""
    row = connection.execute(_RECORD + " WHERE name = ?", (name,)).fetchone()
    intent = connection.execute(_INTENT + " WHERE name = ?", (name,)).fetchone()
    if intent is None:
        return record_of(row) if row else None
    return (record_of(row) if row else Record(name))._replace(pending=intent_of(intent))


def some_records(connection: sqlite3.Connection, names: Iterable[str]) -> dict[str, Record]:
    """The records of some names; must run inside a transaction, for it asks twice."""
    found: dict[str, Record] = {}
    for some in _chunks(names):
        marks = ", ".join("?" * len(some))
        for row in connection.execute(f"{_RECORD} WHERE name IN ({marks})", some):
            found[row[0]] = record_of(row)
        for row in connection.execute(f"{_INTENT} WHERE name IN ({marks})", some):
            found[row[0]] = found.get(row[0], Record(row[0]))._replace(pending=intent_of(row))
    return found


def page(connection: sqlite3.Connection, after: str, most: int, *, failed: bool) -> list[Record]:
    """As `Paged.next_records`; must run inside a transaction, for it asks three times."""
    names = "SELECT name FROM record WHERE name > :after"
    names += " AND failure IS NOT NULL" if failed else _INTENDED
    given = {"after": after, "most": most}
    asked = connection.execute(f"{names} ORDER BY name LIMIT :most", given)
    last = max((name for (name,) in asked), default=after)
    between = {"after": after, "last": last}
    some = " WHERE name > :after AND name <= :last"
    only = some + " AND failure IS NOT NULL" if failed else some
    found = {row[0]: record_of(row) for row in connection.execute(_RECORD + only, between)}
    for row in connection.execute(_INTENT + some, between):
        if row[0] in found or not failed:
            found[row[0]] = found.get(row[0], Record(row[0]))._replace(pending=intent_of(row))
    return [found[name] for name in sorted(found)]


def amounts(connection: sqlite3.Connection) -> Amounts:
    """As `Paged.amounts`; must run inside a transaction, for it asks several times."""
    applied, failed = connection.execute(
        "SELECT count(items), count(failure) FROM record"
    ).fetchone()
    pending = pending_records(connection).values()
    return Amounts(applied, failed - sum(one.is_accepted for one in pending), len(pending))


def pending_records(connection: sqlite3.Connection) -> dict[str, Record]:
    """The records that have an intent; must run inside a transaction, for it asks twice."""
    names = [name for (name,) in connection.execute("SELECT name FROM intent")]
    return some_records(connection, names)


def is_settled(connection: sqlite3.Connection) -> bool:
    """Tells whether there is no intent."""
    return connection.execute("SELECT 1 FROM intent LIMIT 1").fetchone() is None


def uploads(
    connection: sqlite3.Connection, contents: Iterable[str], storage: str
) -> dict[str, str]:
    """Returns where contents are kept; one whose seal is broken is unknown, and is sent again."""
    return {
        content: ref
        for content, found_in, ref in _uploads(connection, "content", contents)
        if found_in == storage
    }


def contents(connection: sqlite3.Connection, refs: Iterable[str]) -> dict[str, str]:
    """The content that is kept at each ref, as far as it is known."""
    return {ref: content for content, _, ref in _uploads(connection, "ref", refs)}


def _uploads(connection: sqlite3.Connection, column: str, values: Iterable[str]) -> Iterator[Row]:
    for some in _chunks(values):
        marks = ", ".join("?" * len(some))
        # A column of ours and question marks are put into the text.
        query = f"SELECT content, storage, ref, seal FROM upload WHERE {column} IN ({marks})"  # noqa: S608  (as said)
        yield from (row[:-1] for row in connection.execute(query, some) if is_sealed(row))


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
    # Removed first, so that a name which is removed and put in one commit is there afterwards.
    connection.executemany("DELETE FROM record WHERE name = ?", ((name,) for name in removed))
    # A result ends the intent of its name. An intent that outlived it would be settled again by the
    # next run.
    settled = [*removed, *(one.name for one in records)]
    connection.executemany("DELETE FROM intent WHERE name = ?", ((name,) for name in settled))
    connection.executemany(PUT_RECORD, map(record_row, records))
    put_intents(connection, [one.pending for one in records if one.pending])
    connection.executemany(PUT_UPLOAD, map(sealed, uploads))


def content(connection: sqlite3.Connection) -> Content:
    """All of the state; must run inside a transaction, for it asks several times."""
    uploads = connection.execute("SELECT content, storage, ref, seal FROM upload")
    return Content(
        header(connection),
        checked("record", connection.execute(_RECORD)),
        checked("intent", connection.execute(_INTENT)),
        # One whose seal is broken is unknown, and is sent again.
        list(filter(is_sealed, uploads)),
    )


def fill(connection: sqlite3.Connection, content: Content) -> None:
    """Puts all of a state into empty tables."""
    put_header(connection, content.header)
    connection.executemany(PUT_RECORD, content.records)
    connection.executemany(PUT_INTENT, content.intents)
    connection.executemany(PUT_UPLOAD, content.uploads)


def put_intents(connection: sqlite3.Connection, intents: Sequence[Intent]) -> None:
    connection.executemany(PUT_INTENT, map(intent_row, intents))


def _chunks(contents: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(contents)
    while some := list(islice(rest, _CHUNK)):
        yield some
