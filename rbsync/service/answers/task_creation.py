"""Create a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from rbsync.backends.base import Created, Draft, Rejected
from rbsync.backends.local.extras import Extra, Note
from rbsync.model.datapoint import Settings
from rbsync.model.fingerprint import Facet, Fingerprint
from rbsync.model.storages import word_of
from rbsync.service.answers.sent_labels import SentLabels, read_labels
from rbsync.service.answers.task_items import located, read_metadata
from rbsync.service.answers.uninterpreted import NOTHING, beside_items, beside_settings
from rbsync.service.refusal import RefusalError
from rbsync.service.rewriting import METADATA
from rbsync.service.service import Call
from rbsync.service.siblings import task_ids

# Only rbsync stamps: what another client makes must not look like rbsync's own.
UNSTAMPED = Fingerprint("", "", "")


class NewTask(NamedTuple):
    """``beside`` are the members of the operation that the project only keeps."""

    name: str
    items: list[str]
    storage_id: str
    ground_truth: bool
    priority: float | None
    metadata: dict[str, str]
    labels: SentLabels
    beside: Mapping[str, Any]


def create_datapoint(
    call: Call,
    org_id: str,
    items: list[str],
    name: str,
    storage_id: str,
    is_ground_truth: bool,
    project_id: str | None = None,
    workspace_id: str | None = None,
    labels_data: str | None = None,
    labels_data_path: str | None = None,
    labels_map: list[dict[str, Any] | None] | None = None,
    meta_data: str | None = None,
    priority: float | None = None,
    **beside: Any,
) -> dict[str, Any] | None:
    check_no_workspace(project_id, workspace_id)
    call.check_project(org_id, project_id)
    labels = read_labels(call, labels_data, labels_data_path, labels_map)
    metadata = read_metadata(meta_data)
    settings = call.service.settings
    if settings.rewrites or settings.has("adds-to-metadata"):
        metadata = {**METADATA, **metadata}
    new = NewTask(
        name, items, storage_id, is_ground_truth, priority, metadata, labels, _wire_names(beside)
    )
    made = create(call, new)
    if isinstance(made, Created):
        ids = task_ids(call, made.task_id)
        return {"dpId": made.datapoint_id, "taskId": made.task_id, "taskIds": ids}
    # Nobody outside knows which of the two the real service does, so that both can be tried.
    if made.failure.kind == "conflict" and settings.has("answers-duplicates"):
        held = call.service.project.find([name])[name].task_id
        return {"dpId": held, "taskId": held, "taskIds": [held]}
    if made.failure.kind == "conflict" and call.service.settings.duplicate_name == "null":
        return None
    raise RefusalError(f"{name}: {made.failure.message}")


def check_no_workspace(project_id: str | None, workspace_id: str | None) -> None:
    """Raises RefusalError for datapoints that are of a workspace and of no project."""
    if not project_id and workspace_id:
        raise RefusalError("that of workspaces is not offered here, by rbsync's offline service")


def _wire_names(beside: Mapping[str, Any]) -> dict[str, Any]:
    names = {"series_info": "seriesInfo", "heat_maps": "heatMaps", "pre_assign": "preAssign"}
    return {names.get(key, key): value for key, value in beside.items()}


def create(call: Call, new: NewTask) -> Created | Rejected:
    """Creates a task in the project. Raises RefusalError for what is wrong with its files."""
    settings = Settings(word_of(new.storage_id), new.ground_truth, new.priority, new.metadata)
    items = located(call, new.items, new.storage_id)
    draft = Draft(new.name, items, new.labels.text, settings, UNSTAMPED)
    extras: dict[Facet | Note, Extra] = {
        "items": beside_items(call, new.beside, new.storage_id),
        "settings": beside_settings(new.beside),
        "labels": new.labels.extra or NOTHING,
    }
    given = {facet: one for facet, one in extras.items() if one != NOTHING}
    return call.service.project.create([draft], [given])[0]
