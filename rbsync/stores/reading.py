"""Looking at a state without a trace, beside a writer or alone."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import TypeVar

from rbsync.errors import StoreError
from rbsync.stores.faults import damaged, explained
from rbsync.stores.formats import STEPS, format_of, upgrade
from rbsync.stores.whole import connect

Found = TypeVar("Found")
Question = Callable[[sqlite3.Connection], Found]


def look(path: str, question: Question[Found]) -> Found | None:
    """What a question finds in the state, within one transaction; None when there is no state.

    A state of an older format is read as what it would become. Raises StoreError when it is
    damaged, not a state, of a newer format, or cannot be read.
    """
    with explained(path):
        if not is_there(path):
            return None
        found, done = _look_alone(path, question)
        return found if done else _ask(path, "mode=ro", question)


def is_there(path: str) -> bool:
    """Whether there is a state; raises StoreError for a file that lost its content."""
    try:
        size = os.stat(path).st_size
    except FileNotFoundError:
        return False
    if not size:
        raise damaged(path, "it is empty")
    return True


def _look_alone(path: str, question: Question[Found]) -> tuple[Found | None, bool]:
    """Asks a state that nobody writes; the flag says whether that was so to the end.

    A shared reader makes an index of the journal that it cannot remove, and needs a folder that
    it may write to. Where there is no journal, the file is read as if it could not change; if
    it did nevertheless, what came of it counts for nothing.
    """
    before = _at_rest(path)
    if before is None:
        return None, False
    try:
        found = _ask(path, "immutable=1", question)
    except (sqlite3.Error, StoreError):
        if _at_rest(path) == before:
            raise
        return None, False
    return found, _at_rest(path) == before


def _at_rest(path: str) -> tuple[int, ...] | None:
    """What tells this content of the file from any other; None while there is a journal."""
    if any(_size(path + suffix) for suffix in ("-wal", "-journal")):
        return None
    now = os.stat(path)
    return now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def _ask(path: str, how: str, question: Question[Found]) -> Found:
    with closing(connect(path, how)) as connection:
        connection.execute("BEGIN")
        if format_of(connection, path) == len(STEPS):
            return question(connection)
        with closing(_upgraded_copy(connection)) as copy:
            copy.execute("BEGIN")
            return question(copy)


def _upgraded_copy(connection: sqlite3.Connection) -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:", isolation_level=None)
    connection.backup(copy)
    upgrade(copy)
    return copy
