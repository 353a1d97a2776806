"""A state made ready for its writer: created, checked, upgraded; and copied.

Whoever changes the state here holds its lock.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from rbsync.errors import StoreError
from rbsync.stores import formats
from rbsync.stores import sqlite_rows as rows
from rbsync.stores.change_log import begin_log
from rbsync.stores.faults import damaged
from rbsync.stores.formats import build, format_of, upgrade
from rbsync.stores.read_only import look_as_is
from rbsync.stores.row_values import Content
from rbsync.stores.sqlite_connections import connect, transaction


@contextmanager
def appearing(path: str) -> Iterator[sqlite3.Connection]:
    """An empty database, written aside, that takes the name ``path`` when the block is done.

    Only the user may read it. When the block fails, nothing is left of it.
    """
    draft = path + ".new"
    remove(draft)
    # Readable by its user alone from the first moment: metadata in it may be of patients.
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    connection = connect(draft, "mode=rw")
    try:
        yield connection
        connection.close()
        # SQLite would play the journals of a database that is gone into the new one.
        _remove_journals(path)
        os.replace(draft, path)
        # Without it the new name may be gone after a power cut, although the content is on the
        # disk.
        _sync_folder(path)
    except BaseException:
        connection.close()
        remove(draft)
        raise


def remove(path: str) -> None:
    """Removes a state with its journals; one that is not there is as good."""
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


def prepare(path: str) -> None:
    """Makes the state, or checks it and brings it to the newest format.

    An upgrade leaves a copy of the old state beside it, ``PATH.vFORMAT.bak``. Raises StoreError
    for a state that is not to be written to, of which then no byte has changed.
    """
    present = look_as_is(path, lambda connection: _sound_format(connection, path))
    if present is None:
        _create(path)
        return
    # A state of an earlier version, or one that was copied here, may be open to all.
    os.chmod(path, 0o600)
    if present < len(formats.STEPS):
        # An upgrade that turns out to be wrong can be taken back with the program that wrote the
        # old format.
        copy(path, f"{path}.v{present}.bak")
        with closing(connect(path, "mode=rw")) as connection:
            upgrade(connection)


def copy(path: str, target: str) -> None:
    """Copies the state as it is now, beside a writer too; raises StoreError when it is unsound.

    What stands at ``target`` is replaced.
    """
    with appearing(target) as draft:
        found = look_as_is(path, lambda connection: _copy_sound(connection, path, draft))
        if found is None:
            message = f"There is no state {path} to copy."
            raise StoreError(message, hint="the first `rbsync apply` makes it")


def fill(path: str, content: Content) -> None:
    """Makes a state that is all of this; raises StoreError when there is one already."""
    if os.path.lexists(path):
        raise StoreError(f"There is a state {path} already.", hint="Move it away, or name another.")
    with appearing(path) as connection:
        build(connection, content.header.lineage)
        with transaction(connection):
            begin_log(connection, content.header.serial)
            rows.fill(connection, content)


def complaints(connection: sqlite3.Connection, check: str) -> list[str]:
    """Returns what SQLite finds wrong with a database; ``check`` is one of its two pragmas for
    that.
    """
    found = [str(line) for (line,) in connection.execute(f"PRAGMA {check}")]
    return [] if found == ["ok"] else found


def _create(path: str) -> None:
    # It takes longer to import than all else here, and a state is made but once.
    import uuid

    with appearing(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        build(connection, str(uuid.uuid4()))


def _sound_format(connection: sqlite3.Connection, path: str) -> int:
    present = format_of(connection, path)
    wrong = complaints(connection, "quick_check(1)")
    if wrong:
        raise damaged(path, wrong[0])
    return present


def _copy_sound(connection: sqlite3.Connection, path: str, draft: sqlite3.Connection) -> int:
    present = _sound_format(connection, path)
    connection.backup(draft)
    return present
