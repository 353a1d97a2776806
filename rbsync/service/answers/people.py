"""People: members of the organization and the project, invitations, comments, and their work."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from rbsync.backends.local.clock import now
from rbsync.backends.local.extras import Extra
from rbsync.backends.local.task_rows import FIRST_STAGE
from rbsync.service.answers.changed import DONE, present_task
from rbsync.service.answers.project_facts import EMAIL, USER, members
from rbsync.service.refusal import RefusalError
from rbsync.service.service import Call


def invites(call: Call, org_id: str) -> list[dict[str, Any]]:
    call.check_org(org_id)
    return list(call.service.account.all("invites").values())


def create_invite(
    call: Call, org_id: str, email: str, role: str, id_provider: str | None = None
) -> dict[str, Any]:
    call.check_org(org_id)
    made = {
        "email": email,
        "role": role,
        "state": "PENDING",
        "idProvider": id_provider or "COGNITO",
    }
    return {"ok": True, "invite": call.service.account.put("invites", email, made)}


def remove_invite(
    call: Call,
    org_id: str,
    email: str,
    id_provider: str | None = None,  # noqa: ARG001  (the field has it)
) -> dict[str, Any]:
    call.check_org(org_id)
    call.service.account.take("invites", email, "invitation")
    return DONE


def project_members(call: Call, org_id: str, project_id: str) -> list[dict[str, Any]]:
    call.check_project(org_id, project_id)
    every = {one["user"]["userId"]: one for one in members(call, org_id)}
    return [
        {"member": every[user_id], "role": one["role"], "stageAccess": one.get("stageAccess") or []}
        for user_id, one in call.service.account.all("members").items()
        if user_id in every
    ]


def update_project_membership(
    call: Call, org_id: str, project_id: str, member_access: list[dict[str, Any]]
) -> dict[str, Any]:
    call.check_project(org_id, project_id)
    known = {one["user"]["userId"] for one in members(call, org_id)}
    for one in member_access:
        if one["userId"] not in known:
            raise RefusalError(f"there is no member {one['userId']} in the organization")
        call.service.account.put("members", one["userId"], one)
    return DONE


def remove_project_members(
    call: Call, org_id: str, project_id: str, user_ids: list[str]
) -> dict[str, Any]:
    call.check_project(org_id, project_id)
    for one in user_ids:
        call.service.account.take("members", one, "member of the project")
    return DONE


def toggle_members(call: Call, org_id: str, user_ids: list[str], active: bool) -> dict[str, Any]:
    call.check_org(org_id)
    for one in user_ids:
        call.service.account.put("inactive", one, not active)
    return DONE


def assign_tasks(
    call: Call,
    org_id: str,
    project_id: str,
    task_ids: list[str],
    emails: list[str] | None = None,
    current_user: bool | None = None,
    refresh: bool | None = None,  # noqa: ARG001  (the field has it)
) -> list[dict[str, Any]]:
    call.check_project(org_id, project_id)
    if not current_user and emails and emails != [EMAIL]:
        raise RefusalError(f"there is one person here: {EMAIL}")
    done = []
    for task_id in task_ids:
        stored = present_task(call, task_id)
        if stored.stage == FIRST_STAGE:
            state = "ASSIGNED" if emails or current_user else "UNASSIGNED"
            call.service.project.note(
                stored.task.task_id, "work", Extra(json.dumps({"state": state}))
            )
            done.append({"taskId": task_id, "name": stored.task.name, "stageName": stored.stage})
    return done


def create_comment(
    call: Call,
    org_id: str,
    project_id: str,
    task_id: str,
    text_val: str,
    stage_name: str | None = None,
    reply_to: str | None = None,
    issue_comment: bool | None = None,
    pin: dict[str, Any] | None = None,
    label_entity_label_id: str | None = None,
) -> dict[str, Any]:
    call.check_project(org_id, project_id)
    stored = present_task(call, task_id)
    if reply_to and call.service.account.get("comments", reply_to) is None:
        raise RefusalError("there is no such comment")
    comment_id = str(uuid4())
    made = {
        "commentId": comment_id,
        "createdBy": USER,
        "textVal": text_val,
        "createdAt": now(),
        "stageName": stage_name or stored.stage,
        "issueComment": bool(issue_comment),
        "issueResolved": False,
        "labelEntityLabelId": label_entity_label_id,
        "replies": [],
        "pin": {**pin, "pinId": str(uuid4())} if pin else None,
        "taskId": stored.task.task_id,
        "replyTo": reply_to,
    }
    return dict(call.service.account.put("comments", comment_id, made))


def no_entries(call: Call, org_id: str, **_: Any) -> dict[str, Any]:
    """Nobody's time is taken here."""
    call.check_org(org_id)
    return {"entries": [], "cursor": None}
