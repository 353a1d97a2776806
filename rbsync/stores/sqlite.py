"""The store that is used when nothing else is asked for: one SQLite file in the project."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress

from rbsync.errors import StoreError
from rbsync.model.record import Header, Record
from rbsync.stores import StatePlace
from rbsync.stores import sqlite_rows as rows
from rbsync.stores.base import Amounts, Mark, Owner, Store
from rbsync.stores.change_log import changed_since, newest
from rbsync.stores.faults import explained
from rbsync.stores.read_only import look, look_as_is
from rbsync.stores.row_values import Content
from rbsync.stores.stamped_names import stamped_name
from rbsync.stores.state_lock import StateLock, refuse_network
from rbsync.stores.writing import SqliteWriter

FOLDER = ".rbsync"
FILE = "state.db"


def open_sqlite(place: StatePlace) -> Store:
    """The state in a file, by default ``.rbsync/state.db``."""
    return SqliteStore(os.path.join(place.folder, place.rest or os.path.join(FOLDER, FILE)))


class SqliteStore:
    """Satisfies ``Store``; the state is the file at ``path``, by custom ``.rbsync/state.db``.

    Readers open the file for each question, and hold nothing between two of them. All methods
    raise StoreError when the file is damaged, no state, of a newer format, or out of reach.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)
        self._lock = StateLock(self._path)

    def header(self) -> Header | None:
        return look(self._path, rows.header)

    def records(self) -> Mapping[str, Record]:
        return look(self._path, rows.packed_records) or {}

    def record(self, name: str) -> Record | None:
        return look(self._path, lambda connection: rows.record(connection, name))

    def next_records(self, after: str, most: int, *, failed: bool) -> list[Record]:
        return (
            look(self._path, lambda connection: rows.page(connection, after, most, failed=failed))
            or []
        )

    def amounts(self) -> Amounts:
        return look(self._path, rows.amounts) or Amounts(0, 0, 0)

    def mark(self) -> Mark | None:
        return look(self._path, newest)

    def changed_since(self, mark: Mark) -> frozenset[str] | None:
        return look(self._path, lambda connection: changed_since(connection, mark))

    def some_records(self, names: Iterable[str]) -> dict[str, Record]:
        return look(self._path, lambda connection: rows.some_records(connection, names)) or {}

    def verify(self, names: Iterable[str]) -> None:
        look(self._path, lambda connection: rows.verify(connection, names))

    def is_settled(self) -> bool:
        # No state at all is a settled one.
        return look(self._path, rows.is_settled) is not False

    @contextmanager
    def writer(self, owner: Owner, *, timeout: float) -> Iterator[SqliteWriter]:
        """Locks the state for writing, waiting up to ``timeout`` seconds.

        Makes or upgrades the state, and raises its epoch. Raises LockedError, which names the
        present owner, when the lock is not to be had in time, and StoreError when the state is
        on a network file system.
        """
        # What makes and upgrades states is loaded by those who write: most plans only read.
        from rbsync.stores.preparing import prepare

        with ExitStack() as stack:
            with explained(self._path):
                self._make_folder()
                stack.enter_context(self._lock.held(owner, timeout))
                # Under the lock: two first runs at the same time would both make the state.
                prepare(self._path)
                writer = stack.enter_context(closing(SqliteWriter(self._path)))
            yield writer

    def owner(self) -> Owner | None:
        """Who is writing; or who was, when a machine or a process died over it."""
        return self._lock.owner()

    def is_held(self) -> bool:
        return self._lock.is_held()

    def unlock(self) -> None:
        """Lets the next writer in although the present one has not left.

        For one that is stopped or out of reach. When it wakes up, its commits are refused.
        """
        with explained(self._path):
            self._lock.break_open()

    def backup(self, target: str | os.PathLike[str]) -> None:
        """Copies the state as it is now to a new file, also while it is written to.

        Raises StoreError when there is a file at ``target`` already.
        """
        target = os.fspath(target)
        # A dangling link is something too: the copy would appear wherever it points.
        if os.path.lexists(target):
            raise StoreError(
                f"There is something at {target} already.", hint="Give the backup another name."
            )
        from rbsync.stores.preparing import copy

        with explained(target):
            copy(self._path, target)

    def content(self) -> Content | None:
        return look(self._path, rows.content)

    def fill(self, content: Content) -> None:
        """As in ``Movable``."""
        from rbsync.stores.preparing import fill

        with explained(self._path):
            self._make_folder()
            fill(self._path, content)

    def check_retirable(self) -> None:
        """As in ``Movable``: who has the lock may write in the folder."""

    def retire(self) -> str:
        """Leaves a copy of the state beside it, under the name of a backup, and removes it."""
        from rbsync.stores.preparing import remove

        put_away = stamped_name(f"{self._path}.moved-", ".bak", os.path.lexists)
        self.backup(put_away)
        with explained(self._path):
            remove(self._path)
        return put_away

    def integrity(self) -> list[str]:
        """Reads all of the state; what is wrong with it, empty when it is sound."""
        from rbsync.stores.preparing import complaints

        found = look_as_is(self._path, lambda connection: complaints(connection, "integrity_check"))
        return found or []

    def close(self) -> None:
        """Does nothing: nothing is open."""

    def _make_folder(self) -> None:
        folder = os.path.dirname(self._path) or "."
        refuse_network(folder)
        made = not os.path.isdir(folder)
        os.makedirs(folder, exist_ok=True)
        # A folder of the user's own may have files that belong into version control.
        if made or os.path.basename(os.path.abspath(folder)) == FOLDER:
            # A state that is committed and merged is two lineages in one file.
            with suppress(FileExistsError), open(os.path.join(folder, ".gitignore"), "x") as file:
                file.write("*\n")
