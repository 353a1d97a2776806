"""The one row that a local project has about itself, and the changes that it allows."""

from __future__ import annotations

import json
import sqlite3
from typing import NamedTuple
from uuid import uuid4

from rbsync.backends.base import Project
from rbsync.backends.local.clock import now
from rbsync.backends.local.disk_failures import parsed
from rbsync.errors import Problem, UserError
from rbsync.labels.project_types import PROJECT_TYPES
from rbsync.labels.taxonomy import Taxonomy
from rbsync.labels.taxonomy_json import read_taxonomy

PATH_HINT = (
    "give backend and state another path each, or delete the project's folder and the state, "
    ".rbsync/state.db, to start anew"
)
_COLUMNS = "project_id, name, type, taxonomy, created_at"


class Meta(NamedTuple):
    """``taxonomy`` is its JSON text; ``created_at`` an ISO 8601 time."""

    project_id: str
    name: str
    type: str
    taxonomy: str
    created_at: str

    def read_taxonomy(self) -> Taxonomy:
        return read_taxonomy(parsed(self.taxonomy))

    def as_project(self) -> Project:
        names = tuple(one.name for one in self.read_taxonomy().walk())
        return Project(f"local:{self.project_id}", self.name, self.type, names)


def new_meta(name: str, project_type: str, taxonomy: Taxonomy) -> Meta:
    """A project that was not there before."""
    # A new identity each time: a state of a project that was deleted must not take the new one in
    # its place for it.
    return Meta(str(uuid4()), name, project_type, taxonomy_text(taxonomy), now())


def taxonomy_text(taxonomy: Taxonomy) -> str:
    return json.dumps(taxonomy.as_json(), ensure_ascii=True, sort_keys=True)


def read_meta(connection: sqlite3.Connection) -> Meta | None:
    """The project's row; None in a database that was only just made.

    Raises UserError for a project of a type that does not exist, or not yet.
    """
    row = connection.execute(f"SELECT {_COLUMNS} FROM project").fetchone()  # noqa: S608  (columns of ours)
    found = Meta(*row) if row else None
    if found and found.type and found.type not in PROJECT_TYPES:
        message = f"the project is of type {found.type}, which this rbsync does not know"
        raise UserError([Problem("project-type", message, hint=PATH_HINT)])
    return found


def write_meta(connection: sqlite3.Connection, meta: Meta) -> None:
    connection.execute("INSERT OR REPLACE INTO project VALUES (1, ?, ?, ?, ?, ?)", meta)
