"""Changes of tasks: items and metadata, priorities, stages, and their end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rbsync.backends.base import Draft
from rbsync.backends.local.extras import Extras
from rbsync.backends.local.task_rows import FIRST_STAGE, StoredTask
from rbsync.errors import BackendError
from rbsync.model.fingerprint import Facet
from rbsync.model.storages import word_of
from rbsync.service.answers.changed import DONE, as_draft, present_task, refused
from rbsync.service.answers.task_creation import check_no_workspace
from rbsync.service.answers.task_items import located, read_metadata
from rbsync.service.answers.uninterpreted import OF_ITEMS, beside_items, read_extra
from rbsync.service.refusal import RefusalError
from rbsync.service.service import Call
from rbsync.service.siblings import deleted_whole, stored_id


def update_task_items(
    call: Call,
    org_id: str,
    storage_id: str,
    project_id: str | None = None,
    task_id: str | None = None,
    dp_id: str | None = None,
    items: list[str] | None = None,
    meta_data: str | None = None,
    append: bool | None = None,
    **beside: Any,
) -> dict[str, Any]:
    """Leaves null members as they are."""
    check_no_workspace(project_id, dp_id)
    call.check_project(org_id, project_id)
    series = beside.pop("series_info", None)
    given = {"seriesInfo": [] if series is None and _clears(call) else series, **beside}
    given["heatMaps"] = given.pop("heat_maps", None)
    try:
        stored = present_task(call, task_id)
        # An update of metadata alone sends null for all others; to take that for "no items" would
        # empty the task.
        if not items and not append:
            given["seriesInfo"] = _kept_series(call, stored, given["seriesInfo"])
        if items or any(given.get(key) is not None for key in OF_ITEMS):
            _change_items(call, stored, storage_id, items, given, append=bool(append))
        if meta_data is not None:
            _change_metadata(call, present_task(call, task_id), read_metadata(meta_data))
    except (BackendError, RefusalError) as error:
        return refused(error)
    return DONE


def _clears(call: Call) -> bool:
    return call.service.settings.has("clears-series")


def _change_items(
    call: Call,
    stored: StoredTask,
    storage_id: str,
    items: list[str] | None,
    given: dict[str, Any],
    *,
    append: bool,
) -> None:
    project = call.service.project
    kept = read_extra(project.extras(stored.task.task_id).get("items"))
    pairs = stored.items
    if items:
        added = located(call, items, storage_id)
        pairs = (*stored.items, *added) if append else added
    if append and given["seriesInfo"]:
        given = {**given, "seriesInfo": _appended(kept, given["seriesInfo"], len(stored.items))}
    merged = {**kept, **{key: value for key, value in given.items() if value is not None}}
    draft = as_draft(stored)
    storage = word_of(storage_id) if items else stored.storage
    draft = draft._replace(items=pairs, settings=draft.settings._replace(storage=storage))
    extras: Extras = {"items": beside_items(call, merged, storage_id)}
    _update(call, stored, draft, "items", extras)


def _kept_series(
    call: Call, stored: StoredTask, given: list[dict[str, Any]] | None
) -> list[dict[str, Any]] | None:
    """The series that were there with what is told anew of each; None where nothing is.

    The SDK tells of series without indices where items stay: they are about those that are there.
    """
    kept = read_extra(call.service.project.extras(stored.task.task_id).get("items"))
    before = kept.get("seriesInfo") or []
    if not given or any(one.get("itemsIndices") for one in given):
        return given
    told = [{key: one[key] for key in one if one[key] is not None} for one in given]
    told += [{}] * (len(before) - len(told))
    return [{**old, **new} for old, new in zip(before, told, strict=False)] if any(told) else None


def _appended(
    kept: dict[str, Any], series: list[dict[str, Any]], before: int
) -> list[dict[str, Any]]:
    """The series that were there and those that are added, whose items come after theirs."""
    # Indices count through all items of a task, so that those that are added come after what was
    # there.
    moved = [
        {**one, "itemsIndices": [before + index for index in one.get("itemsIndices") or ()]}
        for one in series
    ]
    return [*kept.get("seriesInfo", []), *moved]


def _change_metadata(call: Call, stored: StoredTask, metadata: dict[str, str]) -> None:
    draft = as_draft(stored)
    draft = draft._replace(settings=draft.settings._replace(metadata=metadata))
    extras = call.service.project.extras(stored.task.task_id)
    kept: Extras = {"settings": extras["settings"]} if "settings" in extras else {}
    _update(call, stored, draft, "settings", kept)


def _update(call: Call, stored: StoredTask, draft: Draft, facet: Facet, extras: Extras) -> None:
    call.service.project.update(stored.task.task_id, draft, [facet], extras)


MOST = 50
"""How many tasks the SDK names in one operation."""


def update_tasks_priorities(
    call: Call, org_id: str, project_id: str, tasks: list[dict[str, Any]]
) -> dict[str, Any]:
    call.check_project(org_id, project_id)
    pairs = [(_id(call, one["taskId"]), one.get("priority")) for one in tasks]
    return _tried(len(tasks), lambda: call.service.project.prioritize(pairs))


def move_tasks(
    call: Call, org_id: str, project_id: str, task_ids: list[str], stage_name: str
) -> dict[str, Any]:
    call.check_project(org_id, project_id)
    ids = [_id(call, one) for one in task_ids]
    return _tried(
        len(ids), lambda: call.service.project.move(ids, call.service.place_of(stage_name))
    )


def move_task_to_start(call: Call, org_id: str, project_id: str, task_id: str) -> dict[str, Any]:
    call.check_project(org_id, project_id)
    return _tried(1, lambda: call.service.project.move([_id(call, task_id)], FIRST_STAGE))


def _id(call: Call, task_id: str) -> str:
    """The id of the stored task; of one that is not there its own, which is refused then."""
    return stored_id(call, task_id.lower()) or task_id.lower()


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
    # A name that is gone is deleted: clients repeat deletes whose answers they did not get.
    ids += [one.task_id for one in project.find(task_names or ()).values()]
    whole = deleted_whole(call, ids)
    return _tried(len(task_ids or ()) + len(task_names or ()), lambda: project.delete(whole))


def _tried(count: int, change: Callable[[], None]) -> dict[str, Any]:
    try:
        if count > MOST:
            raise RefusalError(f"{count} tasks at once; the limit is {MOST}")
        change()
    except (BackendError, RefusalError) as error:
        return refused(error)
    return DONE
