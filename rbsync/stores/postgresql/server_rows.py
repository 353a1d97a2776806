"""Records, intents and uploads as rows of a PostgreSQL server, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import NamedTuple, TypeVar

from rbsync.collector import paused_collector
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.record import Header, Intent, Record
from rbsync.stores.base import Amounts, Mark, Upload
from rbsync.stores.change_log import change_row, changed_names, oldest_kept
from rbsync.stores.postgresql.sessions import Session
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


class Table(NamedTuple):
    """A table whose rows are put, the later in the place of an earlier one of the same key.

    ``key`` is how many of its first columns are that.
    """

    name: str
    columns: str
    types: Sequence[str]
    key: int

    @property
    def place(self) -> str:
        return f"{self.name} ({self.columns})"

    @property
    def select(self) -> str:
        return f"SELECT {self.columns} FROM {self.name}"  # noqa: S608  (ours)

    @property
    def in_place(self) -> str:
        """The clause by which a row takes the place of one with its key."""
        names = self.columns.split(", ")
        new = ", ".join(f"{name} = excluded.{name}" for name in names[self.key :])
        return f"ON CONFLICT ({', '.join(names[: self.key])}) DO UPDATE SET {new}"


RECORD = Table(
    "record",
    "name, items, labels, settings, task_id, failure, attempted, declined, old_name, seal",
    ("bytea", *["text"] * 3, "bytea", *["text"] * 3, "bytea", "int8"),
    key=1,
)
INTENT = Table(
    "intent",
    "name, operation, items, labels, settings, sent_at, declined, old_name, seal",
    ("bytea", *["text"] * 4, "float8", "text", "bytea", "int8"),
    key=1,
)
UPLOAD = Table("upload", "content, storage, ref, seal", ("bytea", "bytea", "bytea", "int8"), key=2)
_PLAIN = (
    "SELECT name, items, labels, settings, task_id FROM record WHERE items IS NOT NULL"
    " AND failure IS NULL AND attempted IS NULL AND declined IS NULL AND old_name IS NULL"
)
_SPECIAL = RECORD.select + (
    " WHERE items IS NULL OR failure IS NOT NULL OR attempted IS NOT NULL"
    " OR declined IS NOT NULL OR old_name IS NOT NULL"
)
_INTENDED = " UNION SELECT name FROM intent WHERE name > %(after)s"
# Names that are asked for in one statement, and rows that come at once.
_CHUNK = 5_000
# More rows than these are put by way of a table.
_FEW = 500
T = TypeVar("T")


def header(session: Session, *, alone: bool = False) -> Header:
    """The header; ``alone`` keeps all others from writing until the transaction ends."""
    query = "SELECT format, lineage, serial, epoch, target, seal FROM meta"
    row = session.execute(query + " FOR UPDATE" if alone else query).fetchone()
    if row is None:
        raise BrokenSealError("its header is gone")
    _, *values = opened("header", row)
    return Header(*values)


def put_header(session: Session, header: Header) -> Header:
    """Writes the header, and returns it."""
    ((present,),) = session.execute("SELECT format FROM meta")
    row = sealed((present, header.lineage, header.serial, header.epoch, header.target))
    session.execute(
        "UPDATE meta SET lineage = %s, serial = %s, epoch = %s, target = %s, seal = %s", row[1:]
    )
    return header


def records(session: Session) -> dict[str, Record]:
    """All records by name; must run inside a transaction, for it asks three times.

    The seals of plain records, which are nearly all, are left to `verify`.
    """
    with paused_collector():
        found = _plain_records(session)
    for row in _read(session, _SPECIAL):
        one = record_of(_record_texts(row))
        found[one.name] = one
    for row in _read(session, INTENT.select):
        intent = intent_of(_intent_texts(row))
        found[intent.name] = found.get(intent.name, Record(intent.name))._replace(pending=intent)
    return found


def _plain_records(session: Session) -> dict[str, Record]:
    # As for a file: a million records are made without the named constructors.
    new = tuple.__new__
    shared: dict[str, str] = {}
    one_of = shared.setdefault
    found: dict[str, Record] = {}
    for row in _read(session, _PLAIN):
        name, items, labels, settings, task_id = row
        text = name.decode()
        print_ = new(Fingerprint, (items, labels, one_of(settings, settings)))
        found[text] = new(Record, (text, print_, task_id.decode(), None, None, None, (), ""))
    return found


def some_records(session: Session, names: Iterable[str]) -> dict[str, Record]:
    """The records of some names, verified; must run inside a transaction, for it asks twice."""
    found: dict[str, Record] = {}
    for some in _chunks(map(str.encode, names)):
        for row in session.execute(f"{RECORD.select} WHERE name = ANY(%s)", (some,), binary=True):
            one = record_of(_record_texts(row))
            found[one.name] = one
        for row in session.execute(f"{INTENT.select} WHERE name = ANY(%s)", (some,), binary=True):
            intent = intent_of(_intent_texts(row))
            before = found.get(intent.name, Record(intent.name))
            found[intent.name] = before._replace(pending=intent)
    return found


def verify(session: Session, names: Iterable[str]) -> None:
    """Raises BrokenSealError when one of these names has a row that is not what was written."""
    wanted = set(names)
    if len(wanted) <= _CHUNK:
        some_records(session, wanted)
        return
    # Of many, all rows are read: to look each name up takes longer.
    for row in _read(session, RECORD.select):
        record_of(_record_texts(row))
    for row in _read(session, INTENT.select):
        intent_of(_intent_texts(row))


def page(session: Session, after: str, most: int, *, failed: bool) -> list[Record]:
    """As `Paged.next_records`; must run inside a transaction, for it asks three times."""
    given = {"after": after.encode(), "most": most}
    names = "SELECT name FROM record WHERE name > %(after)s"
    names += " AND failure IS NOT NULL" if failed else _INTENDED
    asked = session.execute(f"{names} ORDER BY name LIMIT %(most)s", given, binary=True)
    found = some_records(session, (name.decode() for (name,) in asked.fetchall()))
    return [found[name] for name in sorted(found)]


def amounts(session: Session) -> Amounts:
    """As `Paged.amounts`; must run inside a transaction, for it asks several times."""
    ((applied, failed),) = session.execute("SELECT count(items), count(failure) FROM record")
    pending = pending_records(session).values()
    return Amounts(applied, failed - sum(one.is_accepted for one in pending), len(pending))


def pending_records(session: Session) -> dict[str, Record]:
    """The records that have an intent; must run inside a transaction, for it asks twice."""
    names = [bytes(name).decode() for (name,) in session.execute("SELECT name FROM intent")]
    return some_records(session, names)


def is_settled(session: Session) -> bool:
    """Tells whether there is no intent."""
    return session.execute("SELECT 1 FROM intent LIMIT 1").fetchone() is None


def uploads(session: Session, contents: Iterable[str], storage: str) -> dict[str, str]:
    """Returns where contents are kept; one whose seal is broken is unknown, and is sent again."""
    return {
        content: ref
        for content, found_in, ref in _uploads(session, "content = ANY(%s)", contents)
        if found_in == storage
    }


def contents(session: Session, refs: Iterable[str]) -> dict[str, str]:
    """The content that is kept at each ref, as far as it is known."""
    return {ref: content for content, _, ref in _uploads(session, "ref = ANY(%s)", refs)}


def _uploads(session: Session, where: str, values: Iterable[str]) -> Iterator[Row]:
    for some in _chunks(map(str.encode, values)):
        rows = session.execute(f"{UPLOAD.select} WHERE {where}", (some,), binary=True)
        texts = map(_upload_texts, rows)
        yield from (row[:-1] for row in texts if is_sealed(row))


def forget_uploads(session: Session, contents: Iterable[str]) -> None:
    for some in _chunks(map(str.encode, contents)):
        session.execute("DELETE FROM upload WHERE content = ANY(%s)", (some,))


def put(
    session: Session,
    records: Sequence[Record],
    removed: Sequence[str],
    uploads: Sequence[Upload],
) -> None:
    """Removes names, then puts records with their intents, and uploads."""
    # Removed first, so that a name which is removed and put in one commit is there afterwards.
    for some in _chunks(map(str.encode, removed)):
        session.execute("DELETE FROM record WHERE name = ANY(%s)", (some,))
    # A result ends the intent of its name.
    for some in _chunks(one.encode() for one in (*removed, *(one.name for one in records))):
        session.execute("DELETE FROM intent WHERE name = ANY(%s)", (some,))
    # In one statement no row may be put twice: the last one counts, as where they come singly.
    latest = {one.name: one for one in records}
    _put_rows(session, RECORD, [_record_values(record_row(one)) for one in latest.values()])
    put_intents(session, [one.pending for one in records if one.pending])
    last = {(one.content, one.storage): one for one in uploads}
    _put_rows(session, UPLOAD, [_upload_values(sealed(one)) for one in last.values()])


def put_intents(session: Session, intents: Sequence[Intent]) -> None:
    last = {one.name: one for one in intents}
    _put_rows(session, INTENT, [_intent_values(intent_row(one)) for one in last.values()])


def content(session: Session) -> Content:
    """All of the state; must run inside a transaction, for it asks several times."""
    uploads = _read(session, UPLOAD.select)
    return Content(
        header(session),
        checked("record", map(_record_texts, _read(session, RECORD.select))),
        checked("intent", map(_intent_texts, _read(session, INTENT.select))),
        # One whose seal is broken is unknown, and is sent again.
        [row for row in map(_upload_texts, uploads) if is_sealed(row)],
    )


def fill(session: Session, content: Content) -> None:
    """Puts all of a state into empty tables, as a stream."""
    put_header(session, content.header)
    _copy(session, RECORD, map(_record_values, content.records))
    _copy(session, INTENT, map(_intent_values, content.intents))
    _copy(session, UPLOAD, map(_upload_values, content.uploads))


def _copy(session: Session, table: Table, rows: Iterable[Row]) -> None:
    statement = f"COPY {table.place} FROM STDIN (FORMAT BINARY)"
    with session.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(table.types)
        for row in rows:
            copy.write_row(row)


def _put_rows(session: Session, table: Table, rows: Sequence[Row]) -> None:
    if len(rows) > _FEW and _may_make_tables(session):
        _put_many(session, table, rows)
        return
    for some in _chunks(rows):
        lists = ", ".join(f"%s::{one}[]" for one in table.types)
        statement = f"INSERT INTO {table.place} SELECT * FROM unnest({lists}) {table.in_place}"  # noqa: S608  (ours)
        session.execute(statement, list(map(list, zip(*some, strict=True))))


def _may_make_tables(session: Session) -> bool:
    # Databases of many teams are often closed to temporary tables.
    query = "SELECT has_database_privilege(current_database(), 'TEMP')"
    ((allowed,),) = session.execute(query)
    return bool(allowed)


def _put_many(session: Session, table: Table, rows: Sequence[Row]) -> None:
    """Puts rows by way of a table that is gone at once: three times as fast for many."""
    arriving = table._replace(name="arriving")
    session.execute(f"CREATE TEMPORARY TABLE arriving (LIKE {table.name})")
    _copy(session, arriving, rows)
    session.execute(f"INSERT INTO {table.place} {arriving.select} {table.in_place}")
    session.execute("DROP TABLE arriving")


def _read(session: Session, query: str) -> Iterator[Row]:
    """The rows of a query, in parts: a million of them do not come at once."""
    with closing(session.cursor("rows_of_a_state", binary=True)) as cursor:
        cursor.itersize = _CHUNK
        yield from cursor.execute(query)


# As text a row has a place for each column; what may be any text goes as bytes. Written out, for a
# million rows pass here.
def _record_values(row: Row) -> Row:
    name, items, labels, settings, task_id, failure, attempted, declined, old, seal = row
    old = None if old is None else old.encode()
    head = (name.encode(), items, labels, settings, task_id.encode())
    return (*head, failure, attempted, declined, old, seal)


def _record_texts(row: Row) -> Row:
    name, items, labels, settings, task_id, failure, attempted, declined, old, seal = row
    old = None if old is None else old.decode()
    head = (name.decode(), items, labels, settings, task_id.decode())
    return (*head, failure, attempted, declined, old, seal)


def _intent_values(row: Row) -> Row:
    name, *rest, old, seal = row
    return (name.encode(), *rest, None if old is None else old.encode(), seal)


def _intent_texts(row: Row) -> Row:
    name, *rest, old, seal = row
    return (name.decode(), *rest, None if old is None else old.decode(), seal)


def _upload_values(row: Row) -> Row:
    *texts, seal = row
    return (*map(str.encode, texts), seal)


def _upload_texts(row: Row) -> Row:
    *values, seal = row
    return (*map(bytes.decode, values), seal)


def _chunks(values: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(values)
    while some := list(islice(rest, _CHUNK)):
        yield some


def log_change(session: Session, serial: int, names: Iterable[str]) -> None:
    """Notes the names whose records a commit put or removed; in the transaction of the commit."""
    session.execute(
        "DELETE FROM change_log WHERE serial = %s OR serial < %s", (serial, oldest_kept(serial))
    )
    session.execute("INSERT INTO change_log VALUES (%s, %s, %s, %s)", change_row(serial, names))


def newest(session: Session) -> Mark | None:
    """The mark of the last commit; None for a row that is not as it was written."""
    query = "SELECT serial, mark, names, seal FROM change_log ORDER BY serial DESC LIMIT 1"
    row = session.execute(query).fetchone()
    return Mark(row[0], row[1]) if row and is_sealed(row) else None


def changed_since(session: Session, mark: Mark) -> frozenset[str] | None:
    """The names that were changed after a commit; None when that is not known."""
    query = "SELECT serial, mark, names, seal FROM change_log WHERE serial >= %s ORDER BY serial"
    rows = session.execute(query, (mark.serial,)).fetchall()
    return changed_names(rows, mark, header(session).serial)
