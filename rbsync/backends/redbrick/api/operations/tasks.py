"""Tasks as the service has them: found by exact name, by id, or all of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from rbsync.backends.base import Gap
from rbsync.backends.redbrick.api.answers import Node
from rbsync.backends.redbrick.api.client import Client, Operation
from rbsync.backends.redbrick.http.network_errors import DeniedError
from rbsync.backends.series_items import read_series
from rbsync.model.datapoint import SeriesSettings

SERIES = "itemsIndices name metaData"
_DATAPOINT = "dpId name metaData storageMethod { storageId }"
TASK_DATA = """
      tdId labelsData(interpolate: true) labelsDataPath(presigned: false)
      labelsStorage { storageId }
      labelsMap(presigned: false) { seriesIndex labelName }
"""
_TASK = f"""
    taskId currentStageName priority
    currentStageSubTask {{
      ... on LabelingTask {{ state assignedTo {{ email }} progressSavedAt }}
    }}
    datapoint {{ {_DATAPOINT} items(presigned: false) seriesInfo {{ {SERIES} }} }}
    latestTaskData {{ {TASK_DATA} }}
"""

# Labels may be megabytes a task, and are nothing to whoever asks what there is.
_LIGHT = f"""
    taskId currentStageName priority
    datapoint {{ {_DATAPOINT} items(presigned: false) seriesInfo {{ {SERIES} }} }}
"""


def _listing(fields: str) -> Operation:
    return Operation(
        "tasksPagedSDK",
        f"""query tasksPagedSDK(
  $orgId: UUID!, $projectId: UUID!, $stageName: String, $cacheTime: DateTime,
  $first: Int, $after: String
) {{
  tasksPaged(
    orgId: $orgId, projectId: $projectId, stageName: $stageName, cacheTime: $cacheTime,
    first: $first, after: $after
  ) {{ entries {{ {fields} }} cursor }}
}}""",
    )


LIST, LIGHT_LIST = _listing(_TASK), _listing(_LIGHT)

COUNT = Operation(
    "tasksPagedSDK",
    """query tasksPagedSDK($orgId: UUID!, $projectId: UUID!, $stageName: String, $first: Int) {
  tasksPaged(orgId: $orgId, projectId: $projectId, stageName: $stageName, first: $first) { count }
}""",
)

SEARCH = Operation(
    "tasksListSDK",
    f"""query tasksListSDK(
  $orgId: UUID!, $projectId: UUID!, $stageName: String, $taskSearch: String,
  $manualLabelingFilters: TasksFilter, $first: Int, $after: String
) {{
  genericTasks(
    orgId: $orgId, projectId: $projectId, stageName: $stageName, taskSearch: $taskSearch,
    manualLabelingFilters: $manualLabelingFilters, first: $first, after: $after
  ) {{ entries {{ taskId currentStageName priority datapoint {{ {_DATAPOINT} }} }} cursor }}
}}""",
)


def _one(fields: str) -> Operation:
    return Operation(
        "taskSDK",
        f"""query taskSDK($orgId: UUID!, $projectId: UUID!, $taskId: UUID!) {{
  task(orgId: $orgId, projectId: $projectId, taskId: $taskId) {{ {fields} }}
}}""",
    )


ONE, LIGHT_ONE = _one(_TASK), _one(_LIGHT)

_SEARCH_PAGE = 10
# The search has quotes for exact names and no way to write a quote in them. Such names are found by
# listing.
_UNQUOTABLE = frozenset('"\\')


class FoundMap(NamedTuple):
    """The path of a label map in the storage of the labels, and the number of its series."""

    path: str
    series: int


class FoundWork(NamedTuple):
    """The work that somebody does with a task now.

    ``state`` is the service's word for it, ``who`` an address or empty, ``is_saved`` whether
    something of it was saved and not handed in.
    """

    state: str = ""
    who: str = ""
    is_saved: bool = False


@dataclass(frozen=True, slots=True)
class FoundTask:
    """A task with all that is known of it.

    ``metadata`` is JSON text, ``said`` are the settings of its series, ``labels`` is the text of a
    list unless they are in the file ``labels_path`` of the storage ``labels_storage``, where
    ``maps`` are too. ``series`` has the indices of the items of each series. ``labels_id`` is that
    of the labels as they are stored now, empty where the service has none. ``stage`` is empty where
    it tells none. ``siblings`` are the ids of other tasks of the datapoint ``datapoint_id``, as far
    as they are known.
    """

    task_id: str
    name: str
    stage: str
    priority: float | None
    storage_id: str
    metadata: str
    items: tuple[str, ...]
    labels: str
    labels_path: str
    labels_storage: str
    maps: tuple[FoundMap, ...] = ()
    series: tuple[tuple[int, ...], ...] = ()
    said: tuple[SeriesSettings, ...] = ()
    work: FoundWork = field(default_factory=FoundWork)
    labels_id: str = ""
    datapoint_id: str = ""
    siblings: tuple[str, ...] = ()


class Match(NamedTuple):
    """A task that a search found."""

    task_id: str
    name: str
    datapoint_id: str = ""


class TaskPage(NamedTuple):
    """``gaps`` are entries that cannot be read, and what the service says is missing."""

    tasks: list[FoundTask]
    cursor: str | None
    gaps: tuple[Gap, ...] = ()


class MatchPage(NamedTuple):
    tasks: list[Match]
    cursor: str | None


def is_quotable(name: str) -> bool:
    """Tells whether a search can be told to look for exactly this name."""
    return _UNQUOTABLE.isdisjoint(name)


def task_page(
    client: Client, first: int, after: str | None, stage: str | None = None, *, light: bool = False
) -> TaskPage:
    """The next of all tasks, or of those of a stage; without their labels where it is ``light``.

    Raises TooLargeError for a page that the service cannot give as a whole.
    """
    operation = LIGHT_LIST if light else LIST
    variables = {"stageName": stage, "cacheTime": None, "first": first, "after": after}
    answer = client.read(operation, partly=True, **variables)
    page = answer.node("tasksPaged")
    tasks: list[FoundTask] = []
    gaps: list[Gap] = []
    for one in page.entries("entries"):
        try:
            tasks.append(_found(one))
        except DeniedError as error:
            gaps.append(Gap(_id_of(one), str(error)))
    # Where the service says that something is wrong and all entries are there, some are missing.
    if answer.words and not gaps:
        gaps.append(Gap("", answer.words))
    return TaskPage(tasks, _cursor(page), tuple(gaps))


def _id_of(entry: Node) -> str:
    found = entry.value("taskId")
    return found if isinstance(found, str) else ""


def count_tasks(client: Client, stage: str | None = None) -> int:
    """Returns how many tasks there are, in all or in a stage."""
    page = client.read(COUNT, stageName=stage, first=0).node("tasksPaged")
    return int(page.number_or_none("count") or 0)


def search_page(
    client: Client, name: str, after: str | None, stage: str | None = None
) -> MatchPage:
    """The next of the tasks that a search for a name in quotes finds, exact or not."""
    answer = client.read(
        SEARCH,
        stageName=stage,
        taskSearch=f'"{name}"',
        manualLabelingFilters={},
        first=_SEARCH_PAGE,
        after=after,
    )
    page = answer.node("genericTasks")
    matches = [_match(one.filled("taskId"), one.node("datapoint")) for one in page.nodes("entries")]
    return MatchPage(matches, _cursor(page))


def _match(task_id: str, datapoint: Node) -> Match:
    return Match(task_id, datapoint.text("name"), datapoint.text_or_none("dpId") or "")


def one_task(client: Client, task_id: str, *, light: bool = False) -> FoundTask | None:
    """A task by its id, None when there is none; without its labels where it is ``light``."""
    found = client.read(LIGHT_ONE if light else ONE, taskId=task_id).node_or_none("task")
    return _found(found) if found else None


def _cursor(page: Node) -> str | None:
    return page.text_or_none("cursor") or None


def _found(node: Node) -> FoundTask:
    return found_task(node, node.node_or_none("latestTaskData"))


def found_task(node: Node, data: Node | None) -> FoundTask:
    """A task, with its labels as they are or were."""
    datapoint = node.node("datapoint")
    storage = datapoint.node_or_none("storageMethod")
    labels_storage = data.node_or_none("labelsStorage") if data else None
    return FoundTask(
        task_id=node.filled("taskId"),
        name=datapoint.text("name"),
        stage=node.text_or_none("currentStageName") or "",
        priority=node.number_or_none("priority"),
        storage_id=storage.text("storageId") if storage else "",
        metadata=_json_member(datapoint, "metaData"),
        items=tuple(datapoint.texts("items")),
        labels=_json_member(data, "labelsData"),
        labels_path=(data.text_or_none("labelsDataPath") or "") if data else "",
        labels_storage=(labels_storage.text_or_none("storageId") or "") if labels_storage else "",
        maps=tuple(_maps(data)) if data else (),
        series=tuple(
            # Series of old datapoints are null in the list.
            tuple(one.numbers("itemsIndices"))
            for one in datapoint.present_nodes("seriesInfo")
        ),
        said=_said(datapoint),
        work=_work(node.node_or_none("currentStageSubTask")),
        labels_id=(data.text_or_none("tdId") or "") if data else "",
        datapoint_id=datapoint.text_or_none("dpId") or "",
    )


def _said(datapoint: Node) -> tuple[SeriesSettings, ...]:
    return read_series(
        {"name": one.text_or_none("name"), "metaData": one.value("metaData")}
        for one in datapoint.present_nodes("seriesInfo")
    )


def _work(node: Node | None) -> FoundWork:
    if node is None:
        return FoundWork()
    person = node.node_or_none("assignedTo")
    return FoundWork(
        node.text_or_none("state") or "",
        (person.text_or_none("email") or "") if person else "",
        node.value("progressSavedAt") is not None,
    )


def _maps(data: Node) -> Iterator[FoundMap]:
    for one in data.present_nodes("labelsMap"):
        path = one.text_or_none("labelName")
        if path:
            yield FoundMap(path, int(one.number_or_none("seriesIndex") or 0))


def _json_member(node: Node | None, key: str) -> str:
    """JSON that comes inside a string; taken as text where it comes as itself."""
    found = node.value(key) if node else None
    return found if isinstance(found, str) else json.dumps(found) if found is not None else ""
