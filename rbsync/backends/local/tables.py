"""The tables of a local project, and which versions of them this program can read."""

from __future__ import annotations

import sqlite3

from rbsync.errors import BackendError

VERSION = 1
APPLICATION = 0x72627370
"""Marks the database as an rbsync project ("rbsp"), for this program and for file(1)."""

_MARKS = "SELECT user_version, application_id FROM pragma_user_version, pragma_application_id"

_TABLES = """
CREATE TABLE project (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    taxonomy TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE TABLE tasks (
    task_id TEXT PRIMARY KEY,
    dp_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    items TEXT NOT NULL,
    storage TEXT NOT NULL,
    labels INTEGER NOT NULL,
    stage TEXT NOT NULL,
    priority REAL,
    metadata TEXT NOT NULL,
    stamp TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX tasks_of_stage ON tasks (stage, name);
CREATE TABLE labels (
    task_id TEXT PRIMARY KEY REFERENCES tasks ON DELETE CASCADE,
    json TEXT NOT NULL
);
CREATE TABLE extras (
    task_id TEXT NOT NULL REFERENCES tasks ON DELETE CASCADE,
    facet TEXT NOT NULL,
    json TEXT NOT NULL,
    refs TEXT NOT NULL,
    PRIMARY KEY (task_id, facet)
);
CREATE TABLE uploads (
    path TEXT PRIMARY KEY,
    ref TEXT NOT NULL,
    size INTEGER NOT NULL,
    type TEXT NOT NULL,
    encoding TEXT NOT NULL
);
"""


def is_made(connection: sqlite3.Connection) -> bool:
    """Tells whether the tables are there. Raises BackendError when they are not ours to read."""
    version, application = connection.execute(_MARKS).fetchone()
    if version == 0 and application == 0:
        return False
    # A folder that has somebody's `project.db` already must not be written to.
    if application != APPLICATION:
        raise BackendError(
            "project.db belongs to another program", hint="give the project another path"
        )
    if version > VERSION:
        raise BackendError(
            f"the project is of version {version}, this rbsync reads up to {VERSION}",
            hint="upgrade rbsync",
        )
    return True


def make(connection: sqlite3.Connection) -> None:
    """Makes the tables, inside the transaction that is open."""
    # Not `executescript`, which commits the transaction that is open.
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
