"""Settings of the project that rbsync gives no meaning to: kept, and given back."""

from __future__ import annotations

import json
from typing import Any

from rbsync.backends.local.extras import Extra
from rbsync.service.answers.changed import DONE, as_draft, present_task, refused
from rbsync.service.answers.uninterpreted import read_extra
from rbsync.service.refusal import RefusalError
from rbsync.service.service import Call


def update_hanging_protocol(
    call: Call, org_id: str, project_id: str, enabled: bool, script: str | None = None
) -> dict[str, Any]:
    kept = {"enabled": enabled, "script": script}
    return _keep(call, org_id, project_id, "hangingProtocol", kept)


def update_label_validation(
    call: Call,
    org_id: str,
    project_id: str,
    enabled: bool,
    enforce: bool,
    script: str | None = None,
) -> dict[str, Any]:
    kept = {"enabled": enabled, "enforce": enforce, "script": script}
    return _keep(call, org_id, project_id, "labelValidationSettings", kept)


def update_webhook(
    call: Call,
    org_id: str,
    project_id: str | None = None,
    enabled: bool | None = None,
    url: str | None = None,
) -> dict[str, Any]:
    kept = {"enabled": bool(enabled), "url": url}
    return _keep(call, org_id, project_id, "webhookSettings", kept)


def update_task_duplication(
    call: Call, org_id: str, project_id: str, task_duplication_count: int | None = None
) -> dict[str, Any]:
    return _keep(call, org_id, project_id, "taskDuplicationCount", task_duplication_count)


def _keep(call: Call, org_id: str, project_id: str | None, key: str, kept: Any) -> dict[str, Any]:
    call.check_project(org_id, project_id)
    call.service.account.put("settings", key, kept)
    return DONE


def toggle_reference_standard(
    call: Call, org_id: str, project_id: str, task_id: str, enable: bool
) -> dict[str, Any]:
    call.check_project(org_id, project_id)
    stored = present_task(call, task_id)
    call.service.account.put("references", stored.task.task_id, enable)
    return DONE


def update_datapoint_attributes(
    call: Call, org_id: str, dp_id: str, attributes: str
) -> dict[str, Any]:
    call.check_org(org_id)
    (task_id,) = _tasks_of(call, [dp_id])
    stored = present_task(call, task_id)
    project = call.service.project
    kept = read_extra(project.extras(task_id).get("settings"))
    extra = Extra(json.dumps({**kept, "attributes": attributes}))
    project.update(task_id, as_draft(stored), ["settings"], {"settings": extra})
    return DONE


def delete_datapoints(call: Call, org_id: str, dp_ids: list[str]) -> dict[str, Any]:
    call.check_org(org_id)
    try:
        call.service.project.delete(_tasks_of(call, dp_ids))
    except RefusalError as error:
        return refused(error)
    return DONE


def _tasks_of(call: Call, dp_ids: list[str]) -> list[str]:
    known = {one.dp_id.lower(): one.task.task_id for one in call.service.project.tasks()}
    missing = [one for one in dp_ids if one.lower() not in known]
    if missing:
        raise RefusalError(f"there is no datapoint {missing[0]} in the organization")
    return [known[one.lower()] for one in dp_ids]


def import_from_workspace(
    call: Call,
    org_id: str,
    project_id: str,
    source_project_id: str,
    tasks: list[dict[str, Any]],
    with_labels: bool | None = None,  # noqa: ARG001  (the field has it)
) -> dict[str, Any]:
    """Of the projects here one alone has tasks, and it has their names already."""
    call.check_project(org_id, project_id)
    if call.service.account.get("projects", source_project_id) is None:
        message = f"there is no project {source_project_id} that tasks could come from"
        return {"ok": False, "message": message}
    if tasks:
        return {"ok": False, "message": f"that project has no task {tasks[0].get('taskId')}"}
    return DONE


def generate_items_list(
    call: Call,  # noqa: ARG001  (it is about names alone)
    import_type: str,
    files: list[str | None],
    grouped_by_study: bool,
    windows: bool | None = None,
) -> str:
    """Scans are grouped by their folders, all else is one datapoint a file."""
    groups: dict[str, list[str]] = {}
    for one in filter(None, files):
        path = one.replace("\\", "/") if windows else one
        folder, _, name = path.rpartition("/")
        key = folder if import_type.startswith("DICOM") and not name.endswith(_WHOLE) else path
        groups.setdefault(key.rpartition("/")[0] if grouped_by_study else key, []).append(one)
    return json.dumps([{"name": key, "items": items} for key, items in groups.items()])


_WHOLE = (".nii", ".nii.gz", ".nrrd")
"""Scans that are a file each."""
