"""The datapoints in a table, in which any page of 100,000 is found at once."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

_SCHEMA = """
CREATE TABLE datapoints (
    name TEXT PRIMARY KEY, folder TEXT NOT NULL, status TEXT NOT NULL, said TEXT NOT NULL,
    task_id TEXT NOT NULL, size INTEGER, changed_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX by_status ON datapoints (status, name);
CREATE TABLE classes (
    name TEXT NOT NULL, category TEXT NOT NULL, PRIMARY KEY (category, name)
) WITHOUT ROWID;
"""
ORDERS: Mapping[str, str] = {
    "name": "name",
    "newest": "changed_at DESC, name",
    "largest": "size DESC, name",
    "status": "status, name",
}


class Row(NamedTuple):
    """A datapoint. ``said`` is why it has its status; ``size`` is None where nobody can tell."""

    name: str
    status: str
    said: str = ""
    task_id: str = ""
    size: int | None = None
    changed_at: str = ""


class Asked(NamedTuple):
    """The rows that are asked for: ``most`` of those that fit, from the place ``at`` on.

    Empty texts leave nothing out; ``least`` and ``largest`` are of sizes in bytes.
    """

    words: str = ""
    status: str = ""
    folder: str = ""
    category: str = ""
    order: str = "name"
    at: int = 0
    most: int = 100
    least: int | None = None
    largest: int | None = None


class Table:
    """The datapoints of a project. Used by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # In memory: it is made of what is on the disk already, and is gone with the page.
        self._rows = sqlite3.connect(":memory:", check_same_thread=False)
        self._rows.executescript(_SCHEMA)

    def put(self, rows: Iterable[Row]) -> None:
        """Adds datapoints, or replaces those of the same names."""
        # Before the lock: whoever makes the rows may ask the table for others.
        values = [(one[0], _folder(one.name), *one[1:]) for one in rows]
        with self._lock:
            self._rows.executemany(
                "INSERT OR REPLACE INTO datapoints VALUES (?, ?, ?, ?, ?, ?, ?)", values
            )

    def forget(self, names: Iterable[str]) -> None:
        """Removes datapoints."""
        with self._lock:
            self._rows.executemany(
                "DELETE FROM datapoints WHERE name = ?", ((one,) for one in names)
            )

    def put_classes(self, of: Mapping[str, Sequence[str]]) -> None:
        """Notes the categories of the labels of datapoints."""
        pairs = ((name, category) for name, each in of.items() for category in each)
        with self._lock:
            self._rows.executemany("INSERT OR IGNORE INTO classes VALUES (?, ?)", pairs)

    def row(self, name: str) -> Row | None:
        """The datapoint of a name."""
        found = self._all(f"{_ROWS} WHERE name = ?", (name,))
        return Row(*found[0]) if found else None

    def rows(self, asked: Asked) -> tuple[int, list[Row]]:
        """Counts the datapoints that fit, and returns those that are asked for."""
        where, values = _condition(asked)
        order = ORDERS.get(asked.order, ORDERS["name"])
        ((total,),) = self._all(f"{_NUMBER} WHERE {where}", values)
        text = f"{_ROWS} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?"
        found = self._all(text, (*values, asked.most, asked.at))
        return int(total), [Row(*one) for one in found]

    def tasks_after(self, name: str, most: int) -> list[tuple[str, str]]:
        """The next names that have a task, with its id."""
        return self._all(
            "SELECT name, task_id FROM datapoints WHERE name > ? AND task_id != ''"
            " ORDER BY name LIMIT ?",
            (name, most),
        )

    def counts(self) -> dict[str, list[tuple[str, int]]]:
        """The numbers of datapoints by status, folder and class, as many folders as are useful."""
        return {
            "status": self._all("SELECT status, COUNT(*) FROM datapoints GROUP BY 1 ORDER BY 1"),
            "folder": self._all(
                "SELECT folder, COUNT(*) FROM datapoints GROUP BY 1 ORDER BY 1 LIMIT 1000"
            ),
            "category": self._all("SELECT category, COUNT(*) FROM classes GROUP BY 1 ORDER BY 1"),
        }

    def close(self) -> None:
        self._rows.close()

    def _all(self, text: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._lock:
            return self._rows.execute(text, values).fetchall()


_ROWS = "SELECT name, status, said, task_id, size, changed_at FROM datapoints"
_NUMBER = "SELECT COUNT(*) FROM datapoints"


def _condition(asked: Asked) -> tuple[str, list[Any]]:
    """Of SQL, with its values: nothing that was asked for becomes a part of the text."""
    parts, values = ["1"], list[Any]()
    for word in asked.words.split():
        parts.append("instr(lower(name), ?)")
        values.append(word.lower())
    for column, value in (("status", asked.status), ("folder", asked.folder)):
        if value:
            parts.append(f"{column} = ?")
            values.append(value)
    if asked.category:
        parts.append("name IN (SELECT name FROM classes WHERE category = ?)")
        values.append(asked.category)
    for sign, bound in ((">=", asked.least), ("<=", asked.largest)):
        if bound is not None:
            parts.append(f"size {sign} ?")
            values.append(bound)
    return " AND ".join(parts), values


def _folder(name: str) -> str:
    folder, slash, _ = name.rpartition("/")
    return folder + slash or "(none)"
