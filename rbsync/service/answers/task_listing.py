"""Find tasks."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from rbsync.backends.local.clock import now
from rbsync.backends.local.cursors import Page
from rbsync.backends.local.task_rows import ARCHIVED, FIRST_STAGE, LAST_STAGE, StoredTask
from rbsync.service.answers.shown_tasks import Seen, version_id
from rbsync.service.refusal import RefusalError
from rbsync.service.service import Call
from rbsync.service.siblings import QUIRK, stored_id, task_ids

MOST = 1000
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_STAGE_OF_STATUS = {"UNASSIGNED": FIRST_STAGE, "COMPLETED": LAST_STAGE}


def task(call: Call, org_id: str, project_id: str, task_id: str) -> dict[str, Any] | None:
    call.check_project(org_id, project_id)
    stored = call.service.project.task(stored_id(call, task_id.lower()))
    return {**Seen(call, stored).as_json(), "taskId": task_id.lower()} if stored else None


def task_data(
    call: Call,
    org_id: str,
    project_id: str,
    task_id: str | None = None,
    td_id: str | None = None,
) -> dict[str, Any] | None:
    """The present labels of a task; older versions are not kept."""
    call.check_project(org_id, project_id)
    stored = call.service.project.task(task_id.lower()) if task_id else None
    if stored is None or (td_id and td_id != version_id(stored)):
        return None
    return Seen(call, stored).task_data()


def tasks_paged(
    call: Call,
    org_id: str,
    project_id: str,
    stage_name: str | None = None,
    cache_time: str | None = None,
    first: int | None = None,
    after: str | None = None,
) -> dict[str, Any]:
    """With ``cache_time``, those that changed since; a page may be empty and not the last."""
    call.check_project(org_id, project_id)
    place = call.service.place_of(stage_name) if stage_name else ""
    page = _page(call, first, after, place)
    since = _time(cache_time) if cache_time else None
    # Filtered after the page was cut, so that a page may be empty while more follow: clients must
    # read on to the cursor's end, and are tested for it.
    shown = [one for one in page.tasks if _is_shown(call, one, place)]
    tasks = [one for one in shown if since is None or _time(one.updated_at) >= since]
    return {
        **_answer(call, Page(tuple(tasks), page.cursor)),
        "cacheTime": now(),
        "count": lambda _: _count(call, place),
    }


def generic_tasks(
    call: Call,
    org_id: str,
    project_id: str,
    stage_name: str | None = None,
    task_search: str | None = None,
    manual_labeling_filters: dict[str, Any] | None = None,
    first: int | None = None,
    after: str | None = None,
) -> dict[str, Any]:
    call.check_project(org_id, project_id)
    place = call.service.place_of(stage_name) if stage_name else ""
    filters = manual_labeling_filters or {}
    search = filters.get("taskId") or task_search or ""
    page = _one_found(call, search, place) or _page(call, first, after, place, search)
    shown = (one for one in page.tasks if _is_shown(call, one, place))
    tasks = tuple(one for one in shown if _passes(one, filters))
    return {**_answer(call, Page(tasks, page.cursor)), "count": lambda _: _count(call, place)}


def _answer(call: Call, page: Page) -> dict[str, Any]:
    return {"entries": _entries(call, page), "cursor": page.cursor}


def _entries(call: Call, page: Page) -> list[Any]:
    entries: list[Any] = [
        {**Seen(call, one).as_json(), "taskId": task_id}
        for one in page.tasks
        for task_id in task_ids(call, one.task.task_id)
    ]
    if entries and call.service.settings.has("no-datapoint"):
        entries[0]["datapoint"] = None
    if entries and call.service.settings.has("no-stage"):
        entries[0]["currentStageName"] = None
    if entries and call.service.settings.has("errors-beside-data"):
        # In a list of answers, an exception is one that could not be given.
        entries[-1] = RefusalError("this entry could not be read")
    return entries


def _page(call: Call, first: int | None, after: str | None, place: str, prefix: str = "") -> Page:
    if first is not None and first < 0:
        raise RefusalError("first is not negative")
    if first == 0:
        return Page((), None)
    return call.service.project.page(after, min(first or MOST, MOST), place, prefix)


def _one_found(call: Call, search: str, place: str) -> Page | None:
    """The answer to a search for one task, None when the search is not for one."""
    project = call.service.project
    # In quotes the service searches for the exact name.
    if len(search) > 1 and search[0] == search[-1] == '"':
        name = search[1:-1]
        found = project.find([name]).get(name)
        stored = project.task(found.task_id) if found else None
    elif not _ID.fullmatch(search) or not (stored := project.task(search.lower())):
        return None
    return Page((stored,) if stored and place in ("", stored.stage) else (), None)


def _passes(stored: StoredTask, filters: dict[str, Any]) -> bool:
    """Nobody is ever assigned here, and nothing is reviewed."""
    if filters.get("userId") or filters.get("reviewState"):
        return False
    status = filters.get("status")
    if filters.get("recentlyCompleted"):
        status = "COMPLETED"
    if status and _STAGE_OF_STATUS.get(status) != stored.stage:
        return False
    if "userId" in filters and stored.stage != FIRST_STAGE:
        return False
    start, end = filters.get("completedAtFrom"), filters.get("completedAtTo")
    changed = _time(stored.updated_at)
    return (not start or changed >= _time(start)) and (not end or changed <= _time(end))


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise RefusalError(f"{text!r} is not a time") from error
    # A time without a zone is the client's own.
    return found if found.tzinfo else found.astimezone()


def _count(call: Call, place: str) -> int:
    project, settings = call.service.project, call.service.settings
    count = project.count(place) if place else project.counts().tasks
    if not place and settings.has("hides-archived"):
        count -= project.count(ARCHIVED)
    if settings.has(QUIRK):
        count = sum(len(task_ids(call, one.task.task_id)) for one in project.tasks())
    return count + settings.has("counts-one-more")


def _is_shown(call: Call, stored: StoredTask, place: str) -> bool:
    """Tells whether a listing of a stage, or of all, has a task."""
    hidden = call.service.settings.has("hides-archived") and place != ARCHIVED
    return not (hidden and stored.stage == ARCHIVED)
