"""Priorities, stages and the end of tasks; all or none of what one operation names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rbsync.backends.local.task_rows import FIRST_STAGE
from rbsync.errors import BackendError
from rbsync.service.answers.changed import DONE, refused
from rbsync.service.refusal import RefusalError
from rbsync.service.service import Call
from rbsync.service.stages import place_of

MOST = 50
"""How many tasks the SDK names in one operation."""


def update_tasks_priorities(
    call: Call, org_id: str, project_id: str, tasks: list[dict[str, Any]]
) -> dict[str, Any]:
    call.check_project(org_id, project_id)
    pairs = [(one["taskId"].lower(), one.get("priority")) for one in tasks]
    return _tried(len(tasks), lambda: call.service.project.prioritize(pairs))


def move_tasks(
    call: Call, org_id: str, project_id: str, task_ids: list[str], stage_name: str
) -> dict[str, Any]:
    call.check_project(org_id, project_id)
    ids = [one.lower() for one in task_ids]
    return _tried(len(ids), lambda: call.service.project.move(ids, place_of(stage_name)))


def move_task_to_start(call: Call, org_id: str, project_id: str, task_id: str) -> dict[str, Any]:
    call.check_project(org_id, project_id)
    return _tried(1, lambda: call.service.project.move([task_id.lower()], FIRST_STAGE))


def delete_tasks(
    call: Call,
    org_id: str,
    project_id: str,
    task_ids: list[str] | None = None,
    task_names: list[str] | None = None,
) -> dict[str, Any]:
    """Those that are not there count as deleted."""
    call.check_project(org_id, project_id)
    project = call.service.project
    ids = [one.lower() for one in task_ids or ()]
    ids += [one.task_id for one in project.find(task_names or ()).values()]
    return _tried(len(task_ids or ()) + len(task_names or ()), lambda: project.delete(ids))


def _tried(count: int, change: Callable[[], None]) -> dict[str, Any]:
    try:
        if count > MOST:
            raise RefusalError(f"{count} tasks at once; the limit is {MOST}")
        change()
    except (BackendError, RefusalError) as error:
        return refused(error)
    return DONE
