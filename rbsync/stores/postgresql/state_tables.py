"""The tables of a state in PostgreSQL, and how a schema comes to have them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

from psycopg import sql

from rbsync.errors import StateError
from rbsync.stores.postgresql.server_address import ServerAddress
from rbsync.stores.postgresql.server_errors import (
    EmptyTableError,
    damaged,
    forbidden,
    homeless,
)
from rbsync.stores.postgresql.sessions import AdvisoryLock, Session
from rbsync.stores.seals import sealed

Step = Callable[[Session], object]

# Names, ids and places of what was sent are any text, also with NUL, which `text` does not take.
# What is compared or sorted as text is so by its bytes, whatever language the database speaks.
_STATEMENTS = (
    'CREATE TABLE meta (format integer NOT NULL, lineage text COLLATE "C" NOT NULL,'
    ' serial bigint NOT NULL, epoch bigint NOT NULL, target text COLLATE "C" NOT NULL,'
    " seal bigint NOT NULL)",
    'CREATE TABLE record (name bytea NOT NULL PRIMARY KEY, items text COLLATE "C",'
    ' labels text COLLATE "C", settings text COLLATE "C", task_id bytea NOT NULL,'
    ' failure text COLLATE "C", attempted text COLLATE "C", declined text COLLATE "C",'
    " old_name bytea, seal bigint NOT NULL)",
    'CREATE TABLE intent (name bytea NOT NULL PRIMARY KEY, operation text COLLATE "C" NOT NULL,'
    ' items text COLLATE "C", labels text COLLATE "C", settings text COLLATE "C",'
    ' sent_at double precision NOT NULL, declined text COLLATE "C", old_name bytea,'
    " seal bigint NOT NULL)",
    "CREATE TABLE upload (content bytea NOT NULL, storage bytea NOT NULL, ref bytea NOT NULL,"
    " seal bigint NOT NULL, PRIMARY KEY (content, storage))",
    'CREATE TABLE change_log (serial bigint NOT NULL PRIMARY KEY, mark text COLLATE "C" NOT NULL,'
    ' names text COLLATE "C" NOT NULL, seal bigint NOT NULL)',
    # For people: who holds the lock. The lock itself is the server's.
    'CREATE TABLE holder (owner text COLLATE "C" NOT NULL)',
)

TABLES = tuple(one.split()[2] for one in _STATEMENTS)
"""Their names."""


def _first(session: Session) -> None:
    for statement in _STATEMENTS:
        session.execute(statement)


_LOOK = (
    "SELECT to_regclass('meta'), (SELECT bool_and(to_regclass(one) IS NOT NULL)"
    " FROM unnest(ARRAY['record', 'intent', 'upload', 'change_log', 'holder']) AS one),"
    " coalesce(has_schema_privilege(to_regnamespace(quote_ident(%s))::oid, 'USAGE'), true)"
)
STEPS: Sequence[Step] = (_first,)
"""A step is never changed once it was released; a new format is one more step at the end."""


def format_of(session: Session, address: ServerAddress) -> int | None:
    """The format of the state in a schema; None where there is no state.

    Raises StoreError for a schema that is not one of a state, or of a newer format.
    """
    ((there, has_others, is_open),) = session.execute(_LOOK, (address.schema,))
    # What a role may not use looks as if it were not there, and all would be created again.
    if there is None and not is_open:
        raise forbidden(address)
    # With all others there it is ours: as no state, all would be created anew beside it.
    if there is None and has_others:
        raise damaged(address, "its table `meta` is gone")
    return None if there is None else present_format(session, address)


def present_format(session: Session, address: ServerAddress) -> int:
    """As `format_of`; raises psycopg.errors.UndefinedTable where there is no state."""
    rows = session.execute("SELECT format FROM meta").fetchall()
    if not rows:
        raise damaged(address, "its table `meta` is empty", EmptyTableError)
    if len(rows) > 1:
        raise damaged(address, "its table `meta` has not one row")
    present = int(rows[0][0])
    # A newer format may mean other things by the same columns.
    if present > len(STEPS):
        raise StateError(
            f"The state {address} has format {present}; this rbsync knows formats up to"
            f" {len(STEPS)}.",
            hint="Upgrade rbsync. Nothing was read or written.",
        )
    return present


def prepare(session: Session, address: ServerAddress) -> None:
    """Makes the tables of the state where there are none, by one client even if several come."""
    with session.transaction():
        # Before there is a state it has no lineage to lock it by.
        AdvisoryLock(f"schema {address.schema}").take_to_the_end(session)
        if format_of(session, address) is None:
            make(session, address, str(uuid.uuid4()))


def make(session: Session, address: ServerAddress, lineage: str) -> None:
    """Makes the tables of an empty state; in a transaction of the caller."""
    query = (
        "SELECT to_regnamespace(quote_ident(%s)),"
        " has_database_privilege(current_database(), 'CREATE')"
    )
    ((there, may_make),) = session.execute(query, (address.schema,))
    # Who may use a schema that was made for a team need not be allowed to make one.
    if there is None and not may_make:
        raise homeless(address)
    if there is None:
        session.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(address.schema)))
    for step in STEPS:
        step(session)
    row = sealed((len(STEPS), lineage, 0, 0, ""))
    session.execute("INSERT INTO meta VALUES (%s, %s, %s, %s, %s, %s)", row)
