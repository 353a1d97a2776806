"""Change a task that is there."""

from __future__ import annotations

from typing import Any

from rbsync.backends.base import Draft
from rbsync.backends.local.task_rows import StoredTask
from rbsync.errors import BackendError
from rbsync.service.answers.task_creation import UNSTAMPED
from rbsync.service.refusal import RefusalError
from rbsync.service.service import Call
from rbsync.service.siblings import stored_id

DONE: dict[str, Any] = {"ok": True, "message": None}


def refused(error: BackendError | RefusalError) -> dict[str, Any]:
    """The answer to a change that was not made."""
    return {"ok": False, "message": str(error)}


def present_task(call: Call, task_id: str | None) -> StoredTask:
    """Raises RefusalError."""
    known = stored_id(call, task_id.lower()) if task_id else ""
    stored = call.service.project.task(known) if known else None
    if stored is None:
        raise RefusalError(f"there is no task {task_id} in the project")
    return stored


def as_draft(stored: StoredTask) -> Draft:
    """A task as it is, but for its labels; to be changed in parts."""
    task = stored.task
    settings = task.settings(stored.storage)
    stamp = task.stamp or UNSTAMPED
    mark = task.mark._replace(left=task.left)
    return Draft(task.name, stored.items, None, settings, stamp, mark=mark)
