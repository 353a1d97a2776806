"""Looking at a SQLite state without leaving a trace, beside a writer or alone."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import NamedTuple, TypeVar

from rbsync.errors import StoreError
from rbsync.stores import formats
from rbsync.stores.faults import damaged, explained
from rbsync.stores.formats import format_of, upgrade
from rbsync.stores.sqlite_connections import connect

Found = TypeVar("Found")
Question = Callable[[sqlite3.Connection], Found]

# SQLite notices that whole pages are missing, but not that a part of the last one is.
_SMALLEST_PAGE = 512


class Content(NamedTuple):
    """The facts of a file that change when it is written to; times in nanoseconds."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int


def look(path: str, question: Question[Found]) -> Found | None:
    """Returns what a question finds in the state, in one transaction; None when there is no state.

    A state of an older format is read as what it would become. Raises StoreError when it is
    damaged, not a state, of a newer format, or cannot be read.
    """
    return look_as_is(path, lambda connection: _ask_newest(connection, path, question))


def look_as_is(path: str, question: Question[Found]) -> Found | None:
    """As ``look``, at the tables of whatever format the file has."""
    with explained(path):
        if not is_there(path):
            return None
        found, at_rest = _look_at_rest(path, question)
        return found if at_rest else _ask(path, "mode=ro", question)


def is_there(path: str) -> bool:
    """Tells whether there is a state; raises StoreError for a file that lost its content."""
    try:
        size = os.stat(path).st_size
    except FileNotFoundError:
        return False
    if not size:
        raise damaged(path, "it is empty")
    return True


def _look_at_rest(path: str, question: Question[Found]) -> tuple[Found | None, bool]:
    """Asks a state that nobody writes; the flag says whether that was so to the end.

    A shared reader makes files that it cannot remove, and so cannot work in a read-only folder.
    Where there is no journal, the file is read as if it could not change; if it did
    nevertheless, what came of it counts for nothing.
    """
    before = _content_at_rest(path)
    if before is None:
        return None, False
    if before.size % _SMALLEST_PAGE:
        raise damaged(path, "it is cut short, or no database")
    try:
        found = _ask(path, "immutable=1", question)
    except (sqlite3.Error, StoreError, UnicodeDecodeError):
        # A complaint about a file that changed under the reader is no damage. It is asked again as
        # a shared reader.
        if _content_at_rest(path) == before:
            raise
        return None, False
    return found, _content_at_rest(path) == before


def _content_at_rest(path: str) -> Content | None:
    """Returns what tells this content of the file from any other; None while there is a journal."""
    # What was committed last is in the journal, and "immutable" would not look there.
    if any(_size(path + suffix) for suffix in ("-wal", "-journal")):
        return None
    now = os.stat(path)
    return Content(now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def _ask(path: str, how: str, question: Question[Found]) -> Found:
    with closing(connect(path, how)) as connection:
        # One transaction for several questions, or a commit in between would mix two states.
        connection.execute("BEGIN")
        return question(connection)


def _ask_newest(connection: sqlite3.Connection, path: str, question: Question[Found]) -> Found:
    if format_of(connection, path) == len(formats.STEPS):
        return question(connection)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        connection.backup(copy)
        # In memory: `plan` of a newer rbsync must not lock an older one out of the state.
        upgrade(copy)
        copy.execute("BEGIN")
        return question(copy)
