"""Tasks that have siblings, as where several people label the same: a quirk of the service."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import NAMESPACE_OID, uuid5

from rbsync.service.service import Call

QUIRK = "makes-siblings"


def task_ids(call: Call, task_id: str) -> list[str]:
    """The ids of the tasks of a datapoint that are not deleted, the stored one first."""
    every = [task_id, _sibling(task_id)] if call.service.settings.has(QUIRK) else [task_id]
    return [one for one in every if one not in call.service.deleted]


def deleted_whole(call: Call, ids: Sequence[str]) -> list[str]:
    """Notes the ids of tasks as deleted; returns the stored tasks of which none is left."""
    if not call.service.settings.has(QUIRK):
        return list(ids)
    call.service.deleted.update(ids)
    stored = [one.task.task_id for one in call.service.project.tasks()]
    return [one for one in stored if not task_ids(call, one)]


def stored_id(call: Call, task_id: str) -> str:
    """The id of the stored task that has this one, empty for one that is deleted."""
    if not call.service.settings.has(QUIRK):
        return task_id
    every = (one.task.task_id for one in call.service.project.tasks())
    return next((one for one in every if task_id in task_ids(call, one)), "")


def _sibling(task_id: str) -> str:
    return str(uuid5(NAMESPACE_OID, task_id))
