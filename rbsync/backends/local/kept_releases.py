"""Releases of a project: its tasks as they were when one was made, with labels and files."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import uuid4

from rbsync.backends.local.clock import now
from rbsync.backends.local.database import Database
from rbsync.backends.local.extras import Extra
from rbsync.backends.local.project import WholeTask
from rbsync.backends.local.queries import has_releases
from rbsync.backends.local.task_rows import COLUMNS, stored_of
from rbsync.errors import BackendError

# Made by the first release: most projects never have one, and older versions read on.
_TABLES = (
    "CREATE TABLE IF NOT EXISTS releases (release_id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " created_at TEXT NOT NULL, asset TEXT)",
    "CREATE TABLE IF NOT EXISTS released (release_id TEXT NOT NULL REFERENCES releases"
    " ON DELETE CASCADE, name TEXT NOT NULL, task TEXT NOT NULL, labels TEXT,"
    " extras TEXT NOT NULL, PRIMARY KEY (release_id, name))",
)
# Copied within the database: a project of a million tasks never passes through this program.
_COPY = (
    f"INSERT INTO released SELECT ?, name, json_array({COLUMNS}),"  # noqa: S608  (columns of ours)
    " (SELECT json FROM labels WHERE labels.task_id = tasks.task_id),"
    " (SELECT json_group_array(json_array(facet, json, refs)) FROM extras"
    " WHERE extras.task_id = tasks.task_id) FROM tasks WHERE ? IN ('', stage)"
)
_SELECT = (
    "SELECT release_id, name, created_at, asset,"
    " (SELECT count(*) FROM released WHERE released.release_id = releases.release_id)"
    " FROM releases"
)


class StoredRelease(NamedTuple):
    """A release; ``asset`` is what a client keeps of it in a file, ``tasks`` how many it has."""

    release_id: str
    name: str
    created_at: str
    asset: str | None
    tasks: int


class Releases:
    """The releases of the project in a database. Raises BackendError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(self, name: str, stage: str = "") -> StoredRelease:
        """Keeps the tasks as they are now: those of one stage, or all."""
        release_id = str(uuid4())
        with self._database.writing() as connection:
            for statement in _TABLES:
                connection.execute(statement)
            if connection.execute("SELECT 1 FROM releases WHERE name = ?", (name,)).fetchone():
                raise BackendError(f"the project has a release `{name}` already", kind="conflict")
            values = (release_id, name, now(), None)
            connection.execute("INSERT INTO releases VALUES (?, ?, ?, ?)", values)
            connection.execute(_COPY, (release_id, stage))
            (made,) = _found(connection, "WHERE release_id = ?", release_id)
        return made

    def every(self) -> list[StoredRelease]:
        """All releases, the newest last."""
        with self._database.reading() as connection:
            return _found(connection, "ORDER BY created_at, rowid")

    def one(self, release_id: str = "", name: str = "") -> StoredRelease | None:
        """The release of an id or a name."""
        where = "WHERE release_id = ? OR name = ?"
        with self._database.reading() as connection:
            return next(iter(_found(connection, where, release_id, name)), None)

    def keep_asset(self, release_id: str, asset: str | None) -> None:
        """Notes what a client keeps of a release."""
        with self._database.writing() as connection:
            if has_releases(connection):
                query = "UPDATE releases SET asset = ? WHERE release_id = ?"
                connection.execute(query, (asset, release_id))

    def page(self, release_id: str, after: str, first: int) -> list[WholeTask]:
        """The next tasks of a release, whose names come after one."""
        query = (
            "SELECT task, labels, extras FROM released WHERE release_id = ? AND name > ?"
            " ORDER BY name LIMIT ?"
        )
        with self._database.reading() as connection:
            if connection is None or not has_releases(connection):
                return []
            return [_whole(*row) for row in connection.execute(query, (release_id, after, first))]

    def tasks(self, release_id: str, at_once: int) -> Iterator[WholeTask]:
        """All tasks of a release by name; so many are read at a time."""
        after = ""
        while some := self.page(release_id, after, at_once):
            yield from some
            after = some[-1].stored.task.name


def _found(connection: sqlite3.Connection | None, rest: str, *values: str) -> list[StoredRelease]:
    if connection is None or not has_releases(connection):
        return []
    return [StoredRelease(*row) for row in connection.execute(f"{_SELECT} {rest}", values)]


def _whole(task: str, labels: str | None, extras: str) -> WholeTask:
    kept: list[list[Any]] = json.loads(extras)
    found = {facet: Extra(text, tuple(json.loads(refs))) for facet, text, refs in kept}
    return WholeTask(stored_of(json.loads(task)), labels, found)
