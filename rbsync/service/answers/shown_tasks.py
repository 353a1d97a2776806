"""Tasks as the service shows them, with the class ids that its SDK draws segmentations by."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_OID, uuid5

from rbsync.backends.local.blobs import is_ref
from rbsync.backends.local.extras import Note
from rbsync.backends.local.project import WholeTask
from rbsync.backends.local.task_rows import ARCHIVED, FIRST_STAGE, StoredTask
from rbsync.labels.taxonomy import Taxonomy
from rbsync.model.fingerprint import Facet
from rbsync.model.storages import id_of
from rbsync.service.answers.project_facts import USER
from rbsync.service.answers.storage_methods import label_storage_id
from rbsync.service.answers.uninterpreted import read_extra
from rbsync.service.service import Call


def with_class_ids(text: str, taxonomy: Taxonomy) -> str:
    """Labels in which each has the ``classid`` of its category, where the taxonomy has that."""
    numbers = {one.name: one.class_id for one in taxonomy.walk()}
    labels = json.loads(text)
    for label in labels:
        names = [path[-1] for path in label.get("category") or () if path]
        if names and names[0] in numbers:
            label.setdefault("classid", numbers[names[0]])
    return json.dumps(labels, separators=(",", ":"), ensure_ascii=False)


_UPLOADED = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/", re.IGNORECASE)


@dataclass(frozen=True)
class Seen:
    """Made anew for every answer; what costs a look-up is made when it is asked for.

    ``whole`` is the task as it was when it was released, where that is what is shown.
    """

    call: Call
    stored: StoredTask
    whole: WholeTask | None = None

    def as_json(self) -> dict[str, Any]:
        """A Task."""
        stored = self.stored
        return {
            "taskId": stored.task.task_id,
            "dpId": stored.dp_id,
            "currentStageName": self.call.service.stage_at(stored.stage),
            "createdAt": stored.created_at,
            "updatedAt": stored.updated_at,
            "priority": self._priority(),
            # A function, which the library calls only for a field that was asked for. A listing of
            # names would otherwise read the labels of every task.
            "datapoint": lambda _: self.datapoint(),
            "latestTaskData": lambda _: self.task_data(),
            "currentStageSubTask": lambda _, **__: self._sub_task(),
            "genericEvents": lambda _: [self._created(), *self._comments()],
        }

    def _created(self) -> dict[str, Any]:
        """The one event that is known of a task: that it was made."""
        stored = self.stored
        made = {
            "currentStageName": FIRST_STAGE,
            "isGroundTruth": stored.task.ground_truth,
            "priority": stored.task.priority,
        }
        return {
            "__typename": "TaskEvent",
            "eventId": str(uuid5(NAMESPACE_OID, f"create {stored.task.task_id}")),
            "createdAt": stored.created_at,
            "updatedBy": USER["userId"],
            "createEvent": made,
            "taskData": self.task_data(),
        }

    def _comments(self) -> list[dict[str, Any]]:
        every = self.call.service.account.all("comments").values()
        return [
            {"__typename": "Comment", **one}
            for one in every
            if one["taskId"] == self.stored.task.task_id
        ]

    def datapoint(self) -> dict[str, Any]:
        """A Datapoint."""
        stored = self.stored
        return {
            "dpId": stored.dp_id,
            "name": stored.task.name,
            "items": lambda _, presigned=False: self._items(presigned),
            "createdAt": stored.created_at,
            "createdByEntity": USER,
            "metaData": self._metadata(),
            "storageMethod": {"storageId": id_of(stored.storage)},
            "archived": stored.stage == ARCHIVED,
            "cohorts": [],
            "attributes": self._kept("settings").get("attributes"),
            **self._series(),
            **self._kept("items"),
        }

    def _priority(self) -> float | None:
        found = self.stored.task.priority
        return 0.0 if found is None and self._has("priority-zero") else found

    def _metadata(self) -> str | None:
        kept = {
            key: value
            for key, value in self.stored.task.metadata.items()
            if not ("." in key and self._has("drops-dotted-keys"))
            and not (key.startswith("rbsync") and self._has("drops-stamps"))
        }
        return json.dumps(kept) if kept else None

    def _series(self) -> dict[str, Any]:
        """Those that nobody sent, where the service makes some."""
        if not self._has("adds-series"):
            return {}
        return {"seriesInfo": [{"itemsIndices": list(range(len(self.stored.items)))}]}

    def _has(self, quirk: str) -> bool:
        return self.call.service.settings.has(quirk)

    def task_data(self) -> dict[str, Any]:
        """A TaskData: there is one version of the labels, the present one."""
        stored = self.stored
        return {
            "tdId": version_id(stored),
            "createdAt": stored.updated_at,
            "createdByEntity": USER,
            "labelsData": lambda _, **__: self._labels(),
            "labelsDataPath": lambda _, presigned=False: self._labels_path(presigned),
            "labelsStorage": {"storageId": label_storage_id(self.call)},
            "labelsMap": lambda _, presigned=False: self._labels_map(presigned),
        }

    def _items(self, presigned: bool | None) -> list[str | None]:
        paths = [_path(pair) for pair in self.stored.items]
        if not presigned:
            return [self._path_shown(one) for one in paths]
        return [self.call.to_get(one) for one in paths]

    def _path_shown(self, path: str) -> str:
        if not self._has("other-item-paths"):
            return path
        if path.startswith(("http://", "https://")):
            return quote(path, safe="/:?=&")
        return f"https://items.invalid/{quote(path)}?v=1"

    def _labels(self) -> str:
        # Labels that came in a file are given back as a file, as the service does.
        if self._kept("labels").get("labelsDataPath"):
            return "[]"
        service = self.call.service
        known = (
            self.whole.labels if self.whole else service.project.labels(self.stored.task.task_id)
        )
        text = known or "[]"
        if not self._kept("labels").get("labelsMap"):
            return text
        return with_class_ids(text, service.taxonomy())

    def _labels_path(self, presigned: bool | None) -> str | None:
        path: str | None = self._kept("labels").get("labelsDataPath")
        return self.call.to_get(path) if presigned and path else path

    def _labels_map(self, presigned: bool | None) -> list[dict[str, Any] | None]:
        found: list[dict[str, Any] | None] = self._kept("labels").get("labelsMap", [])
        if not presigned:
            return found
        return [one and {**one, "labelName": self.call.to_get(one["labelName"])} for one in found]

    def _sub_task(self) -> dict[str, Any] | None:
        if self.stored.stage != FIRST_STAGE:
            return None
        work = self._kept("work")
        return {
            "__typename": "LabelingTask",
            "state": work.get("state", "UNASSIGNED"),
            "assignedTo": USER if work else None,
            "progressSavedAt": work.get("savedAt"),
            "subTasks": [],
        }

    def _kept(self, facet: Facet | Note) -> dict[str, Any]:
        return self._all_kept.get(facet, {})

    @cached_property
    def _all_kept(self) -> dict[Facet | Note, dict[str, Any]]:
        project = self.call.service.project
        extras = self.whole.extras if self.whole else project.extras(self.stored.task.task_id)
        return {facet: read_extra(one) for facet, one in extras.items()}


def version_id(stored: StoredTask) -> str:
    """The id of the version of the labels that a task has now."""
    # Made of what is known instead of stored: it changes exactly when the task does.
    return str(uuid5(NAMESPACE_OID, f"{stored.task.task_id} {stored.updated_at}"))


def _path(pair: tuple[str, str]) -> str:
    """Returns what clients know an item by.

    The names of rbsync are not unique, so those go by ref.
    """
    name, ref = pair
    return ref if is_ref(ref) and not _UPLOADED.match(name) else name
