"""The names that each commit changed, so that a plan reads their records and no others."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from rbsync.stores.base import Mark
from rbsync.stores.seals import is_sealed, sealed

PUT_CHANGE = "INSERT OR REPLACE INTO change_log (serial, mark, names, seal) VALUES (?, ?, ?, ?)"

MOST_COMMITS = 10_000
"""Older ones are forgotten: whoever looked at the state before them reads it whole again."""


def begin_log(connection: sqlite3.Connection, serial: int) -> None:
    """Notes a state as it is, of which nobody knows how it came to be."""
    _put(connection, serial, ())


def log_change(connection: sqlite3.Connection, serial: int, names: Iterable[str]) -> None:
    """Notes the names whose records a commit put or removed; in the transaction of the commit."""
    _put(connection, serial, names)
    connection.execute("DELETE FROM change_log WHERE serial < ?", (oldest_kept(serial),))


def _put(connection: sqlite3.Connection, serial: int, names: Iterable[str]) -> None:
    connection.execute(PUT_CHANGE, change_row(serial, names))


def change_row(serial: int, names: Iterable[str]) -> tuple[object, ...]:
    """The sealed row of a commit, in any database."""
    # A copy of the state that goes on by itself reaches the same serials with other records. Its
    # commits have other marks.
    return sealed((serial, os.urandom(8).hex(), json.dumps(sorted(names))))


def oldest_kept(serial: int) -> int:
    """The serial of the oldest commit that is kept beside the one of a serial."""
    return serial - MOST_COMMITS + 1


def newest(connection: sqlite3.Connection) -> Mark | None:
    """The mark of the last commit; None for a row that is not as it was written."""
    query = "SELECT serial, mark, names, seal FROM change_log ORDER BY serial DESC LIMIT 1"
    row = connection.execute(query).fetchone()
    return Mark(row[0], row[1]) if row and is_sealed(row) else None


def changed_since(connection: sqlite3.Connection, mark: Mark) -> frozenset[str] | None:
    """The names that were changed after a commit; None when that is not known."""
    query = "SELECT serial, mark, names, seal FROM change_log WHERE serial >= ? ORDER BY serial"
    rows = connection.execute(query, (mark.serial,)).fetchall()
    (serial,) = connection.execute("SELECT serial FROM meta").fetchone()
    return changed_names(rows, mark, serial)


def changed_names(rows: Sequence[Sequence[Any]], mark: Mark, serial: int) -> frozenset[str] | None:
    """The names in the rows of the commits from a mark on; ``serial`` is the state's.

    None when the state has no such commit, or one that is not as it was written.
    """
    if not rows or not all(map(is_sealed, rows)) or Mark(*rows[0][:2]) != mark:
        return None
    # A commit that is missing in between may have changed anything.
    if [row[0] for row in rows] != list(range(mark.serial, serial + 1)):
        return None
    return frozenset(name for row in rows[1:] for name in json.loads(row[2]))
