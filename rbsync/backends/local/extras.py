"""What accompanies a facet of a task: kept as it came, given back, and gone when it is replaced."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from rbsync.backends.local.disk_failures import parsed
from rbsync.model.fingerprint import Facet


class Extra(NamedTuple):
    """JSON text that the project does not interpret, and the refs of the files that it names.

    These files are the task's as its items are: they stay as long as it does.
    """

    json: str
    refs: tuple[str, ...] = ()


Extras = Mapping[Facet, Extra]
NO_EXTRAS: Extras = {}


def put_extras(connection: sqlite3.Connection, task_id: str, extras: Extras) -> None:
    """Keeps what accompanies the facets of a task, in place of what did."""
    if not extras:
        return
    connection.executemany(
        "INSERT OR REPLACE INTO extras VALUES (?, ?, ?, ?)",
        ((task_id, facet, one.json, json.dumps(one.refs)) for facet, one in extras.items()),
    )


def clear_extra(connection: sqlite3.Connection, task_id: str, facet: Facet) -> None:
    """Forgets what accompanied a facet that has changed."""
    connection.execute("DELETE FROM extras WHERE task_id = ? AND facet = ?", (task_id, facet))


def extras_of(connection: sqlite3.Connection, task_id: str) -> Extras:
    """What accompanies the facets of a task."""
    rows = connection.execute(
        "SELECT facet, json, refs FROM extras WHERE task_id = ?", (task_id,)
    ).fetchall()
    return {facet: Extra(text, tuple(parsed(refs))) for facet, text, refs in rows}
