"""The operations that change the project: datapoints are created, changed, moved and deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rbsync.backends.redbrick.api.answers import Node
from rbsync.backends.redbrick.api.client import Client, Operation
from rbsync.backends.redbrick.api.refusals import told_apart
from rbsync.backends.redbrick.http.network_errors import denied
from rbsync.backends.series_items import told_of_series
from rbsync.model.datapoint import SeriesSettings

CREATE = Operation(
    "createDatapointSDK",
    """mutation createDatapointSDK(
  $orgId: UUID!, $workspaceId: UUID, $projectId: UUID, $items: [String!]!,
  $heatMaps: [HeatMapInput!], $transforms: [TransformInput!], $centerline: [CenterlineInput!],
  $name: String!, $storageId: UUID!, $labelsData: String, $labelsDataPath: String,
  $labelsMap: [LabelMapInput], $seriesInfo: [SeriesInfoInput!], $metaData: String,
  $isGroundTruth: Boolean!, $preAssign: String, $priority: Float, $attributes: JSONString
) {
  createDatapoint(
    orgId: $orgId, workspaceId: $workspaceId, projectId: $projectId, items: $items,
    heatMaps: $heatMaps, transforms: $transforms, centerline: $centerline,
    name: $name, storageId: $storageId, labelsData: $labelsData, labelsDataPath: $labelsDataPath,
    labelsMap: $labelsMap, seriesInfo: $seriesInfo, metaData: $metaData,
    isGroundTruth: $isGroundTruth, preAssign: $preAssign, priority: $priority,
    attributes: $attributes
  ) { dpId taskId taskIds }
}""",
)

LIST_UPLOADED = Operation(
    "itemListUploadSuccessSDK",
    """mutation itemListUploadSuccessSDK(
  $orgId: UUID!, $workspaceId: UUID, $projectId: UUID, $payload: ItemsListUploadSuccessInput!
) {
  itemListUploadSuccess(
    orgId: $orgId, workspaceId: $workspaceId, projectId: $projectId, payload: $payload
  ) { ok }
}""",
)

UPDATE_ITEMS = Operation(
    "updateTaskItemsSDK",
    """mutation updateTaskItemsSDK(
  $orgId: UUID!, $dpId: UUID, $projectId: UUID, $taskId: UUID, $storageId: UUID!,
  $items: [String!], $seriesInfo: [SeriesInfoInput!], $heatMaps: [HeatMapInput!],
  $transforms: [TransformInput!], $centerline: [CenterlineInput!], $metaData: String
) {
  updateTaskItems(
    orgId: $orgId, dpId: $dpId, projectId: $projectId, taskId: $taskId, storageId: $storageId,
    items: $items, seriesInfo: $seriesInfo, heatMaps: $heatMaps, transforms: $transforms,
    centerline: $centerline, metaData: $metaData
  ) { ok message }
}""",
)

PUT_LABELS = Operation(
    "updateTasksLabelsSDK",
    """mutation updateTasksLabelsSDK(
  $orgId: UUID!, $projectId: UUID!, $taskId: UUID!, $labelsData: String, $labelsDataPath: String,
  $labelsMap: [LabelMapInput], $finalize: Boolean, $timeSpentMs: Int, $extraData: JSONString
) {
  putLabels(
    orgId: $orgId, projectId: $projectId, taskId: $taskId, labelsData: $labelsData,
    labelsDataPath: $labelsDataPath, labelsMap: $labelsMap, finalize: $finalize,
    timeSpentMs: $timeSpentMs, extraData: $extraData
  ) { ok message }
}""",
)

PRIORITIES = Operation(
    "updateTasksPrioritiesSDK",
    """mutation updateTasksPrioritiesSDK(
  $orgId: UUID!, $projectId: UUID!, $tasks: [UpdateTaskPriorityInput!]!
) {
  updateTasksPriorities(orgId: $orgId, projectId: $projectId, tasks: $tasks) { ok message }
}""",
)

MOVE = Operation(
    "moveTasksSDK",
    """mutation moveTasksSDK(
  $orgId: UUID!, $projectId: UUID!, $taskIds: [UUID!]!, $stageName: String!
) {
  moveTasks(orgId: $orgId, projectId: $projectId, taskIds: $taskIds, stageName: $stageName) {
    ok message
  }
}""",
)

MOVE_TO_START = Operation(
    "moveTaskToStartSDK",
    """mutation moveTaskToStartSDK($orgId: UUID!, $projectId: UUID!, $taskId: UUID!) {
  moveTaskToStart(orgId: $orgId, projectId: $projectId, taskId: $taskId) { ok }
}""",
)

DELETE = Operation(
    "deleteTasksSDK",
    """mutation deleteTasksSDK($orgId: UUID!, $projectId: UUID!, $taskIds: [UUID!]) {
  deleteTasks(orgId: $orgId, projectId: $projectId, taskIds: $taskIds) { ok }
}""",
)


class SentMap(NamedTuple):
    """A label map that was sent before, and the number of its series."""

    path: str
    series: int


class LabelData(NamedTuple):
    """Labels as they are sent: as JSON text, or in a file that was sent before."""

    text: str | None
    path: str | None = None
    maps: tuple[SentMap, ...] = ()

    def maps_json(self) -> list[dict[str, Any]]:
        """The label maps as operations take them."""
        return [{"labelName": one.path, "seriesIndex": one.series} for one in self.maps]


class NewDatapoint(NamedTuple):
    """A datapoint as a create tells it; ``metadata`` is JSON text or None.

    ``series`` has the indices of the items of each series; empty says nothing of them. ``said``
    are the settings of these series.
    """

    name: str
    items: list[str]
    storage_id: str
    labels: LabelData
    metadata: str | None
    ground_truth: bool
    priority: float | None
    series: Sequence[Sequence[int]] = ()
    said: Sequence[SeriesSettings] = ()


def series_json(
    series: Sequence[Sequence[int]], said: Sequence[SeriesSettings] = ()
) -> list[dict[str, Any]] | None:
    """Series as operations take them."""
    made = [
        {"itemsIndices": list(one), "imageHeaders": None, **told}
        for one, told in zip(series, told_of_series(said, len(series)), strict=True)
    ]
    return made or None


class Made(NamedTuple):
    """The ids of what was made. That of the task is empty where only the other one was told."""

    task_id: str
    datapoint_id: str


@told_apart
def create_datapoint(client: Client, new: NewDatapoint) -> Made:
    """The ids of the datapoint that was made, and of its task.

    Raises DeniedError when the answer has neither: the name may be taken, or something else wrong.
    """
    answer = client.ask(
        CREATE,
        workspaceId=None,
        items=new.items,
        heatMaps=None,
        transforms=None,
        centerline=None,
        name=new.name,
        storageId=new.storage_id,
        labelsData=new.labels.text,
        labelsDataPath=new.labels.path,
        labelsMap=new.labels.maps_json(),
        seriesInfo=series_json(new.series, new.said),
        metaData=new.metadata,
        isGroundTruth=new.ground_truth,
        # The member is JSON in a string, and nobody is assigned by the text of a null, as the
        # client of the service has it.
        preAssign="null",
        priority=new.priority,
        attributes=None,
    )
    made = answer.node_or_none("createDatapoint")
    # The interface has both: an id, and a list of them. A datapoint whose id stands in the list
    # alone would be reported as lost, and created again.
    found = (made.text_or_none("taskId") or next(iter(made.texts("taskIds")), "")) if made else ""
    datapoint = (made.text_or_none("dpId") or "") if made else ""
    if not (found or datapoint):
        raise denied("the service says that it made nothing")
    return Made(found, datapoint)


@told_apart
def announce_list(client: Client, payload: Mapping[str, Any]) -> None:
    """Has the service take in an items list that was sent."""
    answer = client.ask(LIST_UPLOADED, workspaceId=None, payload=dict(payload))
    if not answer.node("itemListUploadSuccess").flag("ok"):
        raise denied("the service did not take the items list")


@told_apart
def update_items(
    client: Client,
    task_id: str,
    storage_id: str,
    *,
    items: Sequence[str] | None = None,
    series: Sequence[Sequence[int]] = (),
    said: Sequence[SeriesSettings] = (),
    metadata: str | None = None,
    told: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Gives a task other items with their series, or other metadata; what is None stays.

    ``said`` are the settings of the series of new items. ``told`` is what is told of each series
    where they stay.
    """
    # The service's own client always sends the list: that its absence leaves series as they are is
    # more than anybody has seen.
    info: list[dict[str, Any]] | None = [{"imageHeaders": None, **one} for one in told]
    if items:
        info = series_json(series or [range(len(items))], said)
    answer = client.ask(
        UPDATE_ITEMS,
        dpId=None,
        taskId=task_id,
        storageId=storage_id,
        items=None if items is None else list(items),
        seriesInfo=info,
        heatMaps=None,
        transforms=None,
        centerline=None,
        metaData=metadata,
    )
    _check(answer.node("updateTaskItems"))


@told_apart
def put_labels(client: Client, task_id: str, labels: LabelData) -> None:
    """Gives a task other labels, where it is in its way through the stages."""
    answer = client.ask(
        PUT_LABELS,
        taskId=task_id,
        labelsData=labels.text,
        labelsDataPath=labels.path,
        labelsMap=labels.maps_json(),
        finalize=False,
        timeSpentMs=None,
        extraData="null",
    )
    _check(answer.node("putLabels"))


@told_apart
def set_priorities(client: Client, priorities: Mapping[str, float | None]) -> None:
    """Sets priorities by task id, at most 50."""
    tasks = [{"taskId": task_id, "priority": one} for task_id, one in priorities.items()]
    # Of several tasks one may not be changed; that is told in the message, with an `ok` that is
    # true.
    _check(client.ask(PRIORITIES, tasks=tasks).node("updateTasksPriorities"), told=True)


@told_apart
def move_tasks(client: Client, task_ids: Sequence[str], stage: str) -> None:
    """Puts tasks, at most 50, into a stage."""
    answer = client.ask(MOVE, taskIds=list(task_ids), stageName=stage)
    _check(answer.node("moveTasks"), told=True)


@told_apart
def move_to_start(client: Client, task_id: str) -> None:
    """Puts a task back into the first stage."""
    _check(client.ask(MOVE_TO_START, taskId=task_id).node("moveTaskToStart"))


@told_apart
def delete_tasks(client: Client, task_ids: Sequence[str]) -> None:
    """Deletes tasks, at most 50."""
    _check(client.ask(DELETE, taskIds=list(task_ids)).node("deleteTasks"))


def _check(answer: Node, *, told: bool = False) -> None:
    """Raises DeniedError when the service says that it did not do it.

    ``told`` is for operations where a message alone says so, whatever ``ok`` is.
    """
    message = answer.text_or_none("message")
    if not answer.flag("ok") or (told and message is not None):
        words = message or "it does not say why"
        raise denied(f"the service refused it: {words}", words)
