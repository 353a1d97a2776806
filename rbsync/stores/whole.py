"""Database files that appear whole or not at all."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress

BESIDE = ("-wal", "-shm", "-journal")


def connect(path: str, query: str) -> sqlite3.Connection:
    """Opens a database that exists; ``query`` has SQLite's own URI parameters.

    Transactions are the caller's to begin and end.
    """
    place = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return sqlite3.connect(
        f"file:{place}?{query}", uri=True, isolation_level=None, check_same_thread=False
    )


@contextmanager
def appearing(path: str) -> Iterator[sqlite3.Connection]:
    """An empty database that is written aside and takes the place of ``path`` when it is done.

    Only its owner may read it. When the block fails, nothing is left of it.
    """
    draft = path + ".new"
    _remove(draft)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    connection = connect(draft, "mode=rw")
    try:
        yield connection
        connection.close()
        remove_beside(path)
        os.replace(draft, path)
        _sync_folder(path)
    except BaseException:
        connection.close()
        _remove(draft)
        raise


def remove_beside(path: str) -> None:
    """Removes the journals of a database that is gone: SQLite would play them into the next."""
    for suffix in BESIDE:
        with suppress(FileNotFoundError):
            os.remove(path + suffix)


def _remove(path: str) -> None:
    remove_beside(path)
    with suppress(FileNotFoundError):
        os.remove(path)


def _sync_folder(path: str) -> None:
    folder = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
