"""Connections to SQLite files, and transactions in them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# How long, in seconds, to wait for a program that is not rbsync and locks the file.
PATIENCE = 5.0


def connect(path: str, query: str) -> sqlite3.Connection:
    """Opens a database that exists; ``query`` has the parameters of SQLite's URIs."""
    # In a URI these have a meaning: a folder called `a?b` would be opened as `a`.
    place = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return sqlite3.connect(
        f"file:{place}?{query}",
        uri=True,
        timeout=PATIENCE,
        # The module would begin transactions of its own, at the first write instead of the first
        # read.
        isolation_level=None,
        check_same_thread=False,
    )


@contextmanager
def transaction(connection: sqlite3.Connection, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    """Commits what is done inside, or none of it when that fails."""
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # After some errors, such as a full disk, SQLite has rolled back already.
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
