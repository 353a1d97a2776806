"""Releases as the service has them: made, listed, and read page by page."""

from __future__ import annotations

from typing import NamedTuple

from rbsync.backends.redbrick.api.answers import Node
from rbsync.backends.redbrick.api.client import Client, Operation
from rbsync.backends.redbrick.api.operations.tasks import SERIES, TASK_DATA, TaskPage, found_task

_READY = "CREATION_SUCCESS"
_RELEASE = "releaseId name createdAt status dpCount"
# Of a task as it was released no work is told: it is over.
_ENTRY = f"""
  task {{
    taskId currentStageName priority
    datapoint {{
      dpId name items(presigned: false) metaData seriesInfo {{ {SERIES} }}
      storageMethod {{ storageId }}
    }}
  }}
  taskData {{ {TASK_DATA} }}
"""

CREATE = Operation(
    "createDatasetReleaseSDK",
    f"""mutation createDatasetReleaseSDK(
  $orgId: UUID!, $name: String!, $workspaceId: UUID, $projectId: UUID, $stageName: String
) {{
  createDatasetRelease(
    orgId: $orgId, name: $name, workspaceId: $workspaceId, projectId: $projectId,
    stageName: $stageName
  ) {{ {_RELEASE} }}
}}""",
)

LIST = Operation(
    "datasetReleasesSDK",
    f"""query datasetReleasesSDK($orgId: UUID!, $workspaceId: UUID, $projectId: UUID) {{
  datasetReleases(orgId: $orgId, workspaceId: $workspaceId, projectId: $projectId) {{ {_RELEASE} }}
}}""",
)

DATA = Operation(
    "datasetReleaseDataSDK",
    f"""query datasetReleaseDataSDK(
  $orgId: UUID!, $releaseId: UUID!, $first: Int, $after: String
) {{
  datasetReleaseData(orgId: $orgId, releaseId: $releaseId, first: $first, after: $after) {{
    entries {{ {_ENTRY} }} cursor
  }}
}}""",
)


class FoundRelease(NamedTuple):
    """A release; ``datapoints`` is None where the service has not counted them."""

    release_id: str
    name: str
    created_at: str
    is_ready: bool
    datapoints: int | None


def create_release(client: Client, name: str, stage: str | None) -> FoundRelease:
    """Makes a release of the tasks of a stage, None for all. Not tried again: it may be made."""
    answer = client.ask(CREATE, name=name, workspaceId=None, stageName=stage)
    return _found(answer.node("createDatasetRelease"))


def list_releases(client: Client) -> list[FoundRelease]:
    """All releases of the project."""
    return [_found(one) for one in client.read(LIST, workspaceId=None).nodes("datasetReleases")]


def release_page(client: Client, release_id: str, first: int, after: str | None) -> TaskPage:
    """The next tasks of a release, and the cursor of those that follow."""
    # Every question gets the project, but this one has no such variable.
    answer = client.read(DATA, releaseId=release_id, first=first, after=after, projectId=...)
    page = answer.node("datasetReleaseData")
    tasks = [
        found_task(one.node("task"), one.node_or_none("taskData")) for one in page.nodes("entries")
    ]
    return TaskPage(tasks, page.text_or_none("cursor") or None)


def _found(node: Node) -> FoundRelease:
    count = node.number_or_none("dpCount")
    return FoundRelease(
        node.filled("releaseId"),
        node.text("name"),
        node.text("createdAt"),
        node.text("status") == _READY,
        None if count is None else int(count),
    )
