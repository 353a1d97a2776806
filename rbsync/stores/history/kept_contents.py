"""The contents of a history in its SQLite file, by their digests.

Digests come in no order. A table that is kept in the order of its digests has another page
rewritten for every content that is added, which took as long as all the rest of a history once it
had 100,000 of them. So contents are appended, and put in order once, when their run ends.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from rbsync.stores.history.packing import pack

TABLES = (
    # Numbers are given once: one that a sweep has freed would lie below ``meta.placed``, and what
    # was added under it would never be found.
    "CREATE TABLE content (number INTEGER PRIMARY KEY AUTOINCREMENT, digest TEXT NOT NULL,"
    " data BLOB NOT NULL)",
    # Of the contents up to number ``meta.placed``, each digest once.
    "CREATE TABLE place (digest TEXT NOT NULL PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID",
)
UPGRADE = (
    "ALTER TABLE content RENAME TO content_of_2",
    *TABLES,
    "INSERT INTO content (digest, data) SELECT digest, data FROM content_of_2",
    "DROP TABLE content_of_2",
    "ALTER TABLE meta ADD COLUMN placed INTEGER NOT NULL DEFAULT 0",
)
"""From format 2, in which contents lay in the order of their digests."""

REMEMBERED = 10_000


class KeptContents:
    """The things that one connection knows of the contents that are in no order yet."""

    def __init__(self) -> None:
        self._kept: set[str] = set()
        self._tail: dict[str, int] = {}
        self._seen = 0

    def forget(self) -> None:
        """Takes nothing for kept any more: it was swept between two runs, or taken back."""
        self._kept.clear()

    def keep(self, connection: sqlite3.Connection, contents: Mapping[str, bytes]) -> None:
        """Adds contents, within a transaction."""
        # The labels of tasks without any are the same for 100,000 of them.
        fresh = [name for name in contents if name not in self._kept]
        packed = [(name, pack(contents[name])) for name in fresh]
        connection.executemany("INSERT INTO content (digest, data) VALUES (?, ?)", packed)
        if len(self._kept) > REMEMBERED:
            self._kept.clear()
        self._kept.update(fresh)

    def packed(self, connection: sqlite3.Connection, digest: str) -> bytes | None:
        """A content as it was packed, None for one that is not there."""
        number = self._number(connection, digest)
        query = "SELECT data FROM content WHERE number = ?"
        row = connection.execute(query, (number,)).fetchone() if number else None
        return row[0] if row else None

    def _number(self, connection: sqlite3.Connection, digest: str) -> int:
        query = "SELECT number FROM place WHERE digest = ?"
        row = connection.execute(query, (digest,)).fetchone()
        if row is None and digest not in self._tail:
            # Left by a run that died. It is read once, and not for each of its contents.
            seen = max(self._seen, _placed(connection))
            rows = connection.execute(
                "SELECT digest, number FROM content WHERE number > ?", (seen,)
            )
            self._tail.update(rows)
            self._seen = max(self._tail.values(), default=seen)
        return row[0] if row else self._tail.get(digest, 0)


def put_in_order(connection: sqlite3.Connection) -> None:
    """Puts the contents in order that were added since, within a transaction."""
    placed = _placed(connection)
    (last, count) = connection.execute(
        "SELECT max(number), count(*) FROM content WHERE number > ?", (placed,)
    ).fetchone()
    if not count:
        return
    added = connection.execute(
        "INSERT OR IGNORE INTO place SELECT digest, number FROM content WHERE number > ?"
        " ORDER BY digest, number",
        (placed,),
    ).rowcount
    if added < count:
        # An earlier run has kept the same.
        connection.execute(
            "DELETE FROM content WHERE number > ? AND number <>"
            " (SELECT number FROM place WHERE place.digest = content.digest)",
            (placed,),
        )
    connection.execute("UPDATE meta SET placed = ?", (last,))


def sweep_unused(connection: sqlite3.Connection) -> tuple[int, int]:
    """Takes away what no change names, within a transaction; returns how many, and their bytes."""
    put_in_order(connection)
    connection.execute(
        "DELETE FROM place WHERE digest NOT IN (SELECT before FROM change) AND digest NOT IN"
        " (SELECT value FROM change, json_each(change.parts) WHERE parts IS NOT NULL)"
    )
    unused = "number NOT IN (SELECT number FROM place)"
    count, size = connection.execute(
        f"SELECT count(*), coalesce(sum(length(data)), 0) FROM content WHERE {unused}"  # noqa: S608  (a constant)
    ).fetchone()
    connection.execute(f"DELETE FROM content WHERE {unused}")  # noqa: S608  (a constant)
    return count, size


def _placed(connection: sqlite3.Connection) -> int:
    (placed,) = connection.execute("SELECT placed FROM meta").fetchone()
    return int(placed)
