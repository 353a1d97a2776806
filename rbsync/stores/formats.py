"""The tables of a state, and how a state of an older format becomes one of the newest.

The format of a state is the number of steps that made it. A step is never changed once it was
released; a new format is one more step at the end.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from rbsync.errors import StateError
from rbsync.stores.change_log import begin_log
from rbsync.stores.faults import damaged
from rbsync.stores.seals import SEALED, check_all, seal_all, sealed
from rbsync.stores.sqlite_connections import transaction
from rbsync.trust.inert_tables import program_in

Step = Callable[[sqlite3.Connection], object]


def _first(connection: sqlite3.Connection) -> None:
    for statement in (
        "CREATE TABLE meta (format INTEGER NOT NULL, lineage TEXT NOT NULL,"
        " serial INTEGER NOT NULL, epoch INTEGER NOT NULL, target TEXT NOT NULL)",
        # ``failure`` is a JSON object and ``attempted`` a JSON list; both are mostly NULL.
        "CREATE TABLE record (name TEXT NOT NULL PRIMARY KEY, items TEXT, labels TEXT,"
        " settings TEXT, task_id TEXT NOT NULL, failure TEXT, attempted TEXT) WITHOUT ROWID",
        "CREATE TABLE intent (name TEXT NOT NULL PRIMARY KEY, operation TEXT NOT NULL,"
        " items TEXT, labels TEXT, settings TEXT, sent_at DOUBLE PRECISION NOT NULL)"
        " WITHOUT ROWID",
        "CREATE TABLE upload (content TEXT NOT NULL, storage TEXT NOT NULL, ref TEXT NOT NULL,"
        " PRIMARY KEY (content, storage)) WITHOUT ROWID",
    ):
        connection.execute(statement)


def _seals(connection: sqlite3.Connection) -> None:
    for table in SEALED:
        connection.execute(f"ALTER TABLE {table} ADD COLUMN seal BIGINT")


def _declined(connection: sqlite3.Connection) -> None:
    """Makes room for what is declared and not wanted: JSON, mostly NULL."""
    for table in ("record", "intent"):
        connection.execute(f"ALTER TABLE {table} ADD COLUMN declined TEXT")


def _old_name(connection: sqlite3.Connection) -> None:
    """Makes room for the name that something is moved from: mostly NULL."""
    for table in ("record", "intent"):
        connection.execute(f"ALTER TABLE {table} ADD COLUMN old_name TEXT")


def _changes(connection: sqlite3.Connection) -> None:
    """Makes room for what each commit changed: names as JSON, and a mark that no copy shares."""
    connection.execute(
        "CREATE TABLE change_log (serial INTEGER NOT NULL PRIMARY KEY, mark TEXT NOT NULL,"
        " names TEXT NOT NULL, seal BIGINT NOT NULL)"
    )
    for (serial,) in connection.execute("SELECT serial FROM meta").fetchall():
        begin_log(connection, serial)


STEPS: Sequence[Step] = (_first, _seals, _declined, _old_name, _changes)
_FIRST_SEALED = 2


def build(connection: sqlite3.Connection, lineage: str) -> None:
    """Makes the tables of the newest format in an empty database."""
    with transaction(connection):
        for step in STEPS:
            step(connection)
        values = sealed((len(STEPS), lineage, 0, 0, ""))
        connection.execute(
            "INSERT INTO meta (format, lineage, serial, epoch, target, seal)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            values,
        )
        begin_log(connection, 0)


def upgrade(connection: sqlite3.Connection) -> None:
    """Brings a state to the newest format in one transaction, or leaves it as it was.

    Raises BrokenSealError for a row that is not as it was written: it must not get a new seal.
    """
    with transaction(connection):
        (present,) = connection.execute("SELECT format FROM meta").fetchone()
        # A row that was damaged before must not be sealed as if it were sound.
        if present >= _FIRST_SEALED:
            check_all(connection)
        for step in STEPS[present:]:
            step(connection)
        connection.execute("UPDATE meta SET format = ?", (len(STEPS),))
        seal_all(connection)


def format_of(connection: sqlite3.Connection, path: str) -> int:
    """The format of a state.

    Raises StoreError when the database is not a state, or is one of a newer format.
    """
    tables = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchall()
    if program := program_in(connection):
        raise damaged(path, program)
    rows = connection.execute("SELECT format FROM meta").fetchall() if tables else []
    # Somebody's own database of that name is left alone, and so is a state whose creation was cut
    # off.
    if len(rows) != 1:
        raise damaged(path, "it is a database, but not a state of rbsync")
    present = rows[0][0]
    if not isinstance(present, int):
        raise damaged(path, "its format is no number")
    # A newer format may mean other things by the same columns. Guessing would write rows that the
    # newer rbsync trusts.
    if present > len(STEPS):
        raise StateError(
            f"The state {path} has format {present}; this rbsync knows formats up to {len(STEPS)}.",
            hint="Upgrade rbsync. Nothing was read or written.",
        )
    return present
