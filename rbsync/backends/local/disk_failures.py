"""Say what a failure of the disk or of the database means for the caller.

Messages name no absolute paths: they end up in states and reports that are shared.
"""

from __future__ import annotations

import errno
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rbsync.errors import BackendError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_FULL_HINT = "free some space on the disk of the project, then run again"
_FORBIDDEN_HINT = "check who may write to the project's folder"
_DAMAGED_HINT = (
    "put back a copy of the project's folder, or move it away and apply anew; the files "
    "in its blobs folder are not affected"
)
_BUSY_HINT = "another process is writing to the project; run again when it is done"
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_CLOSED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
_TOO_MUCH = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_TOOBIG}
# SQLite has no code of its own for a damaged header.
_UNREADABLE = "unsupported file format"
_PRIMARY_CODE = 0xFF


def disk_error(error: OSError, doing: str) -> BackendError:
    """Returns what an error of the file system means."""
    message = f"could not {doing}: {error.strerror or error}"
    if error.errno in _FULL:
        return BackendError(message, kind="quota", hint=_FULL_HINT)
    if error.errno in _FORBIDDEN:
        return BackendError(message, kind="auth", hint=_FORBIDDEN_HINT)
    return BackendError(message)


def database_error(error: sqlite3.Error, *, committing: bool = False) -> BackendError:
    """Returns what an error of the database means.

    ``committing`` says that the change was being made durable: then a disk that fails leaves
    open whether it was.
    """
    message = f"the project's database: {error}"
    code = (getattr(error, "sqlite_errorcode", None) or 0) & _PRIMARY_CODE
    if code in _BUSY:
        return BackendError(message, hint=_BUSY_HINT)
    if code in _TOO_MUCH:
        return BackendError(message, kind="quota", hint=_FULL_HINT)
    if code in _CLOSED:
        return BackendError(message, kind="auth", hint=_FORBIDDEN_HINT)
    if code in _DAMAGED or str(error) == _UNREADABLE:
        return damaged(str(error))
    # Ambiguous and not failed: the datapoint may be there, and is looked up before it is sent
    # again.
    if committing:
        return BackendError(message, kind="ambiguous", sent=True)
    return BackendError(message)


def damaged(detail: str) -> BackendError:
    """Returns the error for content of the database that this program cannot have written."""
    return BackendError(f"the project's database is damaged: {detail}", hint=_DAMAGED_HINT)


def parsed(text: str) -> Any:
    """The value of JSON text in the database; raises BackendError when it is none."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise damaged(str(error)) from error


@contextmanager
def disk_failures(doing: str) -> Iterator[None]:
    """Raises BackendError for the OSErrors of its block; ``doing`` is such as "store a file"."""
    try:
        yield
    except OSError as error:
        raise disk_error(error, doing) from error


@contextmanager
def database_failures(*, committing: bool = False) -> Iterator[None]:
    """Raises BackendError for the database errors of its block."""
    try:
        yield
    except sqlite3.Error as error:
        raise database_error(error, committing=committing) from error
