"""Somebody who works in a project: draws, whoever stands in front of it, or sets priorities."""

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
from tests.service.serving import Client


def save_settings(client: Client, name: str, *, priority: float, **metadata: str) -> None:
    """Gives the task of a name a priority, and keys of metadata beside those that it has."""
    task = client.task(name)
    chosen = [{"taskId": task["taskId"], "priority": priority}]
    assert client.ask("updateTasksPriorities", tasks=chosen)["ok"]
    point = task["datapoint"]
    done = client.ask(
        "updateTaskItems",
        taskId=task["taskId"],
        storageId=point["storageMethod"]["storageId"],
        metaData=json.dumps({**json.loads(point["metaData"]), **metadata}),
    )
    assert done["ok"]


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
