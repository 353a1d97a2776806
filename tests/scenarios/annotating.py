"""Somebody who draws in a project, whoever stands in front of it."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

from rbsync.backends.base import LabelText
from rbsync.backends.local.blobs import Blobs
from rbsync.backends.local.database import Database
from rbsync.backends.local.opening import Wish
from rbsync.backends.local.project import LocalProject


def save_labels(folder: Path, name: str, labels: list[dict[str, Any]]) -> None:
    """Puts other labels into the task of a name; its stamp stays, as it does at the service."""
    database = Database(str(folder / "project.db"))
    with closing(LocalProject(database, Blobs(str(folder)), Wish("", "", None, ""))) as project:
        task = project.find([name])[name]
        text = LabelText(json.dumps(labels), len(labels))
        with database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO labels (task_id, json) VALUES (?, ?)",
                (task.task_id, text.json),
            )
            connection.execute(
                "UPDATE tasks SET labels = ? WHERE task_id = ?", (text.count, task.task_id)
            )
