"""A seal on every row of a state, which tells whether the row is as it was written.

SQLite notices when the structure of its file is damaged, not when the content of a row is: one
flipped bit in a name or an id would send a delete to a datapoint that nobody spoke of.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import xxhash

# The tables whose last selected column is the seal of the others.
SEALED = ("meta", "record", "intent", "upload")

# Databases have signed numbers of 64 bits; the hash is unsigned.
_OFFSET = 1 << 63


class BrokenSealError(Exception):
    """A row is not what was written; the message says which."""


def seal_of(row: Sequence[object]) -> int:
    """The seal of a row of texts, numbers and NULLs, as a signed number of 64 bits.

    JSON is the one spelling of values that no version of Python and no database changes.
    """
    return xxhash.xxh3_64_intdigest(json.dumps(row).encode()) - _OFFSET


def sealed(row: Sequence[object]) -> tuple[object, ...]:
    """A row with its seal at the end."""
    return (*row, seal_of(row))


def is_sealed(row: Sequence[object]) -> bool:
    """Tells whether a row with its seal at the end is as it was written."""
    try:
        return seal_of(row[:-1]) == row[-1]
    except TypeError:
        # A flipped bit makes bytes of a text: JSON has none.
        return False


def opened(what: str, row: Sequence[Any]) -> Sequence[Any]:
    """A row without its seal. Raises BrokenSealError when it is not as it was written.

    ``what`` names the table to people.
    """
    if not is_sealed(row):
        raise BrokenSealError(f"the {what} of {row[0]!r} is not what was written")
    return row[:-1]


def seal_all(connection: sqlite3.Connection) -> None:
    """Seals every row anew, for a state whose tables have changed."""
    for table in SEALED:
        # Read whole before the table is emptied.
        rows = [sealed(row) for row in _rows(connection, table)]
        names = _columns(connection, table)
        connection.execute(f"DELETE FROM {table}")  # noqa: S608  (a table of ours)
        marks = ", ".join("?" * (len(names) + 1))
        connection.executemany(
            f"INSERT INTO {table} ({', '.join(names)}, seal) VALUES ({marks})",  # noqa: S608  (ours)
            rows,
        )


def check_all(connection: sqlite3.Connection) -> None:
    """Raises BrokenSealError for the first row that is not as it was written."""
    for table in SEALED:
        for row in _rows(connection, table, "seal"):
            opened("header" if table == "meta" else table, row)


def _rows(connection: sqlite3.Connection, table: str, *more: str) -> Iterator[tuple[object, ...]]:
    names = [*_columns(connection, table), *more]
    yield from connection.execute(f"SELECT {', '.join(names)} FROM {table}").fetchall()  # noqa: S608  (ours)


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    """All columns but the seal, in the order of the table."""
    found: Iterable[tuple[str]] = connection.execute(
        "SELECT name FROM pragma_table_info(?) ORDER BY cid", (table,)
    )
    return [name for (name,) in found if name != "seal"]
