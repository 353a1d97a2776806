"""Database files that appear whole or not at all."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rbsync.stores.sqlite_connections import connect


@contextmanager
def appearing(path: str) -> Iterator[sqlite3.Connection]:
    """An empty database, written aside, that takes the name ``path`` when the block is done.

    Only the user may read it. When the block fails, nothing is left of it.
    """
    draft = path + ".new"
    _remove(draft)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    connection = connect(draft, "mode=rw")
    try:
        yield connection
        connection.close()
        # SQLite would play the journals of a database that is gone into the new one.
        _remove_journals(path)
        os.replace(draft, path)
        _sync_folder(path)
    except BaseException:
        connection.close()
        _remove(draft)
        raise


def _remove(path: str) -> None:
    _remove_journals(path)
    with suppress(FileNotFoundError):
        os.remove(path)


def _remove_journals(path: str) -> None:
    for suffix in ("-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            os.remove(path + suffix)


def _sync_folder(path: str) -> None:
    folder = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
