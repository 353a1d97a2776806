"""Batches and uploaded lists of items, checked and made tasks of as the SDK expects."""

from __future__ import annotations

import json
from typing import Any

from rbsync.backends.base import Rejected
from rbsync.service.answers.sent_labels import read_labels
from rbsync.service.answers.task_creation import NewTask, create
from rbsync.service.answers.task_items import read_json
from rbsync.service.conversion.import_problem import NotConvertibleError
from rbsync.service.conversion.task import flat_task, is_flat
from rbsync.service.refusal import RefusalError
from rbsync.service.service import Call


def validate_and_convert(
    call: Call,
    original: str,
    convert: bool | None = None,
    storage_id: str | None = None,  # noqa: ARG001  (items are not looked at)
) -> dict[str, Any]:
    try:
        tasks = _tasks(original)
        taxonomy = call.service.meta.read_taxonomy()
        converted = [flat_task(one, at, taxonomy) for at, one in enumerate(tasks)]
    except NotConvertibleError as error:
        return {"isValid": False, "error": str(error), "converted": None}
    # The SDK takes a null for "use what you have sent".
    as_it_was = not convert or all(is_flat(one) for one in tasks)
    return {"isValid": True, "converted": None if as_it_was else _text(converted)}


def _tasks(original: str) -> list[Any]:
    try:
        tasks = json.loads(original)
    except (ValueError, RecursionError) as error:
        raise NotConvertibleError("the tasks are not JSON") from error
    if not isinstance(tasks, list):
        raise NotConvertibleError("the tasks are not a list")
    return tasks


def _text(tasks: list[Any]) -> str:
    return json.dumps(tasks, separators=(",", ":"))


def item_list_upload_success(
    call: Call,
    org_id: str,
    payload: dict[str, Any],
    project_id: str | None = None,
    workspace_id: str | None = None,  # noqa: ARG001  (there are none here)
) -> dict[str, Any]:
    """All are tried; the message has what was not created and why."""
    call.check_project(org_id, project_id or payload.get("projectId"))
    problems = []
    for entry in _entries(call, payload["filePath"]):
        try:
            made = create(call, _new_task(call, entry, payload))
        # One bad entry in a list of a thousand videos must not keep the others out; the list is not
        # sent again.
        except RefusalError as refusal:
            problems.append(f"{entry.get('name')}: {refusal}")
            continue
        if isinstance(made, Rejected):
            problems.append(f"{made.name}: {made.failure.message}")
    return {"ok": not problems, "message": "; ".join(problems) or None}


def _entries(call: Call, path: str) -> list[dict[str, Any]]:
    upload = call.service.upload(path)
    if upload is None:
        raise RefusalError("the items list was not uploaded")
    limit = call.service.settings.limits.unpacked
    # The client said that it would send a list. What it sent may be a film.
    if upload.size > limit:
        raise RefusalError(f"the items list is larger than {limit} bytes")
    with call.service.holder(path).uploads.open(upload) as file:
        entries = read_json(file.read().decode("utf-8", "replace"), "the items list")
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise RefusalError("the items list is not a list of objects")
    return entries


def _new_task(call: Call, entry: dict[str, Any], payload: dict[str, Any]) -> NewTask:
    items = entry.get("items")
    if not isinstance(items, list) or not all(isinstance(one, str) for one in items):
        raise RefusalError("its items are not a list of strings")
    labels = entry.get("labels")
    text = json.dumps(labels) if labels else None
    return NewTask(
        name=str(entry.get("name") or items[0]),
        items=items,
        storage_id=payload["storageId"],
        ground_truth=bool(payload.get("isGroundTruth")),
        priority=entry.get("priority"),
        metadata=entry.get("metaData") or {},
        labels=read_labels(call, text, None, None),
        beside={"preAssign": json.dumps(entry.get("preAssign"))},
    )
