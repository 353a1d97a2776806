"""Releases: made, listed, and read page by page."""

from __future__ import annotations

from typing import Any

from rbsync.backends.local.cursors import cursor_after, name_before
from rbsync.backends.local.kept_releases import StoredRelease
from rbsync.service.answers.project_facts import USER
from rbsync.service.answers.shown_tasks import Seen, version_id
from rbsync.service.refusal import RefusalError
from rbsync.service.service import Call

MOST = 1000
_READY = "CREATION_SUCCESS"


def create_dataset_release(
    call: Call,
    org_id: str,
    name: str,
    workspace_id: str | None = None,  # noqa: ARG001  (there are none here)
    project_id: str | None = None,
    stage_name: str | None = None,
) -> dict[str, Any]:
    call.check_project(org_id, project_id)
    if not name.strip():
        raise RefusalError("a release has a name")
    stage = call.service.place_of(stage_name) if stage_name else ""
    return _shown(call, call.service.releases.make(name, stage))


def update_dataset_release(
    call: Call, org_id: str, release_id: str, asset: str | None = None
) -> dict[str, Any] | None:
    call.check_org(org_id)
    call.service.releases.keep_asset(release_id.lower(), asset)
    return dataset_release(call, org_id, release_id)


def dataset_releases(
    call: Call,
    org_id: str,
    workspace_id: str | None = None,  # noqa: ARG001  (there are none here)
    project_id: str | None = None,
) -> list[dict[str, Any]]:
    call.check_project(org_id, project_id)
    return [_shown(call, one) for one in call.service.releases.every()]


def dataset_release(
    call: Call,
    org_id: str,
    release_id: str | None = None,
    release_name: str | None = None,
    workspace_id: str | None = None,  # noqa: ARG001  (there are none here)
    project_id: str | None = None,  # noqa: ARG001  (an id is enough)
) -> dict[str, Any] | None:
    call.check_org(org_id)
    found = call.service.releases.one((release_id or "").lower(), release_name or "")
    return _shown(call, found) if found else None


def dataset_release_data(
    call: Call, org_id: str, release_id: str, first: int | None = None, after: str | None = None
) -> dict[str, Any]:
    call.check_org(org_id)
    releases = call.service.releases
    if (found := releases.one(release_id.lower())) is None:
        raise RefusalError("there is no such release")
    size = min(MOST if first is None else max(first, 0), MOST)
    # One more than is shown tells, without counting, that a page follows.
    some = releases.page(found.release_id, name_before(after), size + 1)
    page = some[:size]
    more = page and len(some) > size
    entries = [_entry(call, found, Seen(call, one.stored, one)) for one in page]
    # With `first: 0` only the count is asked for, and no page follows.
    cursor = cursor_after(page[-1].stored.task.name) if more else None
    return {"entries": entries, "cursor": cursor, "count": found.tasks}


def _entry(call: Call, release: StoredRelease, seen: Seen) -> dict[str, Any]:
    return {
        "orgId": call.service.org_id,
        "releaseId": release.release_id,
        "dpId": seen.stored.dp_id,
        "taskId": seen.stored.task.task_id,
        "tdId": version_id(seen.stored),
        "task": seen.as_json(),
        "taskData": seen.task_data(),
    }


def _shown(call: Call, release: StoredRelease) -> dict[str, Any]:
    return {
        "orgId": call.service.org_id,
        "releaseId": release.release_id,
        "name": release.name,
        "projectId": call.service.project_id,
        "createdAt": release.created_at,
        "createdBy": USER,
        "status": _READY,
        "dpCount": release.tasks,
        "asset": release.asset,
    }
