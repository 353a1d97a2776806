"""Put labels on a task, and finish it."""

from __future__ import annotations

import json
from typing import Any

from rbsync.backends.local.clock import now
from rbsync.backends.local.extras import Extra, Note
from rbsync.backends.local.task_rows import FIRST_STAGE, LAST_STAGE
from rbsync.model.fingerprint import Facet
from rbsync.service.answers.changed import DONE, as_draft, present_task
from rbsync.service.answers.project_facts import EMAIL
from rbsync.service.answers.sent_labels import SentLabels, read_labels
from rbsync.service.service import Call

Maps = list[dict[str, Any] | None]


def put_labels(
    call: Call,
    org_id: str,
    project_id: str,
    task_id: str,
    labels_data: str | None = None,
    labels_data_path: str | None = None,
    labels_map: Maps | None = None,
    finalize: bool | None = None,
    time_spent_ms: int | None = None,  # noqa: ARG001  (the field has it)
    extra_data: str | None = None,  # noqa: ARG001  (the field has it)
) -> dict[str, Any]:
    """Refusals are errors: clients do not look at ``ok`` here."""
    call.check_project(org_id, project_id)
    labels = read_labels(call, labels_data, labels_data_path, labels_map)
    _replace(call, task_id, labels)
    if finalize:
        call.service.project.move([present_task(call, task_id).task.task_id], LAST_STAGE)
    return DONE


def put_task_and_labels(
    call: Call,
    org_id: str,
    project_id: str,
    stage_name: str,  # noqa: ARG001  (there is one where people label)
    task_id: str,
    elapsed_time_ms: int,  # noqa: ARG001  (the field has it)
    finished: bool,
    labels_data: str | None = None,
    labels_data_path: str | None = None,
    labels_map: Maps | None = None,
) -> dict[str, Any]:
    """Labels that are not finished are a draft, which somebody is at."""
    done = put_labels(
        call, org_id, project_id, task_id, labels_data, labels_data_path, labels_map, finished
    )
    work = {} if finished else {"state": "STAGED", "who": EMAIL, "savedAt": now()}
    call.service.project.note(task_id.lower(), "work", Extra(json.dumps(work)))
    return done


def put_task(
    call: Call,
    org_id: str,
    project_id: str,
    stage_name: str,  # noqa: ARG001  (the field has it)
    task_id: str,
) -> dict[str, Any]:
    call.check_project(org_id, project_id)
    call.service.project.move([present_task(call, task_id).task.task_id], LAST_STAGE)
    return DONE


def put_review(
    call: Call,
    org_id: str,
    project_id: str,
    stage_name: str,  # noqa: ARG001  (tasks of all reviews are in one place here)
    task_id: str,
    review_val: bool,
    elapsed_time_ms: int,  # noqa: ARG001  (the field has it)
    comment: str | None = None,  # noqa: ARG001  (the field has it)
    comment_pin: dict[str, Any] | None = None,  # noqa: ARG001  (the field has it)
) -> dict[str, Any]:
    call.check_project(org_id, project_id)
    place = LAST_STAGE if review_val else FIRST_STAGE
    call.service.project.move([present_task(call, task_id).task.task_id], place)
    return DONE


def _replace(call: Call, task_id: str, labels: SentLabels) -> None:
    stored = present_task(call, task_id)
    # Without the stamp's change: labels that somebody drew are drift, and must show as such.
    draft = as_draft(stored)._replace(labels=labels.text)
    extras: dict[Facet | Note, Extra] = {"labels": labels.extra} if labels.extra else {}
    call.service.project.update(stored.task.task_id, draft, ["labels"], extras)
