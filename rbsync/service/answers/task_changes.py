"""Change the items and metadata of a task."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rbsync.backends.base import Draft
from rbsync.backends.local.extras import Extras
from rbsync.backends.local.task_rows import StoredTask
from rbsync.errors import BackendError
from rbsync.model.fingerprint import Facet
from rbsync.service.answers.changed import DONE, as_draft, present_task, refused
from rbsync.service.answers.task_items import located, read_metadata
from rbsync.service.answers.uninterpreted import OF_ITEMS, beside_items, read_extra
from rbsync.service.refusal import RefusalError
from rbsync.service.service import Call
from rbsync.service.storage_ids import word_of


def update_task_items(
    call: Call,
    org_id: str,
    storage_id: str,
    project_id: str | None = None,
    task_id: str | None = None,
    dp_id: str | None = None,  # noqa: ARG001  (the task is enough)
    items: list[str] | None = None,
    meta_data: str | None = None,
    append: bool | None = None,
    **beside: Any,
) -> dict[str, Any]:
    """What is null stays as it is."""
    call.check_project(org_id, project_id)
    given = {"seriesInfo": beside.pop("series_info", None), **beside}
    given["heatMaps"] = given.pop("heat_maps", None)
    try:
        stored = present_task(call, task_id)
        if items or any(given.get(key) is not None for key in OF_ITEMS):
            _change_items(call, stored, storage_id, items, given, append=bool(append))
        if meta_data is not None:
            _change_metadata(call, present_task(call, task_id), read_metadata(meta_data))
    except (BackendError, RefusalError) as error:
        return refused(error)
    return DONE


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
    draft = draft._replace(items=pairs, settings=replace(draft.settings, storage=storage))
    extras: Extras = {"items": beside_items(call, merged, storage_id)}
    _update(call, stored, draft, "items", extras)


def _appended(
    kept: dict[str, Any], series: list[dict[str, Any]], before: int
) -> list[dict[str, Any]]:
    """The series that were there and those that are added, whose items come after theirs."""
    moved = [
        {**one, "itemsIndices": [before + index for index in one.get("itemsIndices") or ()]}
        for one in series
    ]
    return [*kept.get("seriesInfo", []), *moved]


def _change_metadata(call: Call, stored: StoredTask, metadata: dict[str, str]) -> None:
    draft = as_draft(stored)
    draft = draft._replace(settings=replace(draft.settings, metadata=metadata))
    extras = call.service.project.extras(stored.task.task_id)
    kept: Extras = {"settings": extras["settings"]} if "settings" in extras else {}
    _update(call, stored, draft, "settings", kept)


def _update(call: Call, stored: StoredTask, draft: Draft, facet: Facet, extras: Extras) -> None:
    call.service.project.update(stored.task.task_id, draft, [facet], extras)
