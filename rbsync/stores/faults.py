"""What SQLite and the disk complain of, as a StoreError that says what to do next."""

from __future__ import annotations

import glob
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from rbsync.errors import StoreError

# SQLITE_ERROR is a table or column that is not there; 0 is text that is not UTF-8.
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, 0}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


@contextmanager
def explained(path: str) -> Iterator[None]:
    """Turns what goes wrong with the state file inside of it into StoreError."""
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.InterfaceError):
        # These are mistakes of the program, not of the file.
        raise
    except sqlite3.Error as error:
        raise _explain(path, error) from error
    except UnicodeDecodeError as error:
        raise damaged(path, "a text in it is not UTF-8") from error
    except OSError as error:
        raise unusable(path, error.strerror or str(error)) from error


def damaged(path: str, what: str) -> StoreError:
    """The file is not what a store wrote; it is left as it is."""
    return StoreError(f"The state {path} is damaged: {what}.", hint=_way_out(path))


def unusable(path: str, what: str) -> StoreError:
    """The file may be sound, but cannot be read or written now."""
    return StoreError(
        f"The state {path} cannot be used: {what}.",
        hint="Check the folder's permissions and the disk; nothing that was recorded is lost.",
    )


def _explain(path: str, error: sqlite3.Error) -> StoreError:
    # An extended code has its kind in the low byte.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGE:
        return damaged(path, str(error))
    if code in _BUSY:
        return unusable(path, "another program keeps it locked")
    if code == sqlite3.SQLITE_FULL:
        return unusable(path, "the disk is full")
    return unusable(path, str(error))


def _way_out(path: str) -> str:
    name = os.path.basename(path)
    backups = glob.glob(glob.escape(path) + ".*.bak")
    copy = ""
    if backups:
        newest = os.path.basename(max(backups, key=os.path.getmtime))
        copy = f"copy {newest} to {name}, or "
    return (
        f"It was left as it is. Move {name}, {name}-wal and {name}-shm away, then {copy}"
        "rebuild it from the project with `rbsync refresh`."
    )
