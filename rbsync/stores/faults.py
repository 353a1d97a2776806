"""The complaints of SQLite and the disk, each as a StoreError that says what to do next."""

from __future__ import annotations

import errno
import glob
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rbsync.errors import StateError, StoreError
from rbsync.stores.seals import BrokenSealError

# SQLITE_ERROR is a table or column that is not there; 0 is text that is not UTF-8.
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, 0}
_CHECK = "Check the disk and the folder's permissions."
FREE_HINT = "Free some space, then run the command again."
_LITTLE = 1 << 20
_GRANT = "Let your user write to the state and to its folder, then run the command again."
_CLOSE = "Close the program that has the file open, such as a database browser, then run again."
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DENIED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}


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
    except BrokenSealError as error:
        raise damaged(path, str(error)) from error
    except UnicodeDecodeError as error:
        raise damaged(path, "a text in it is not UTF-8") from error
    except OSError as error:
        raise _of_system(path, error) from error


def damaged(path: str, what: str) -> StateError:
    """The file is not what a store wrote; it is left as it is."""
    return StateError(f"The state {path} is damaged: {what}.", hint=_way_out(path))


def unusable(path: str, what: str, hint: str = _CHECK) -> StoreError:
    """The file may be sound, but cannot be read or written now."""
    return StoreError(
        f"The state {path} cannot be used: {what}.",
        hint=f"{hint} Nothing that was recorded is lost.",
    )


def is_full(path: str, error: sqlite3.Error | OSError) -> bool:
    """Tells whether what went wrong with a file is that its disk has no room."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code != sqlite3.SQLITE_IOERR:
        return code == sqlite3.SQLITE_FULL
    # Where there is no room for the file that its processes share, SQLite speaks of the disk alone.
    with suppress(OSError):
        return shutil.disk_usage(os.path.dirname(path) or ".").free < _LITTLE
    return False


def _explain(path: str, error: sqlite3.Error) -> StoreError:
    # An extended code has its kind in the low byte.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGE:
        return damaged(path, str(error))
    if code in _BUSY:
        return unusable(path, "another program keeps it locked", _CLOSE)
    if is_full(path, error):
        return unusable(path, "the disk is full", FREE_HINT)
    if code in _DENIED:
        return unusable(path, str(error), _GRANT)
    return unusable(path, str(error))


def _of_system(path: str, error: OSError) -> StoreError:
    what = error.strerror or str(error)
    if is_full(path, error):
        return unusable(path, what, FREE_HINT)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return unusable(path, what, _GRANT)
    return unusable(path, what)


def _way_out(path: str) -> str:
    name = os.path.basename(path)
    backups = glob.glob(glob.escape(path) + ".*.bak")
    copy = ""
    if backups:
        # The backup is offered before a refresh: it knows what failed and what is pending, and the
        # project does not.
        newest = os.path.basename(max(backups, key=os.path.getmtime))
        copy = f"copy {newest} to {name}, or "
    return (
        f"It was left as it is. Move {name}, {name}-wal and {name}-shm away, then {copy}"
        "rebuild it from the project with `rbsync refresh`."
    )
