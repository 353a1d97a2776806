"""Projects of an organization: found by their name, and made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from rbsync.backends.redbrick.api.answers import Node
from rbsync.backends.redbrick.api.client import Client, Operation
from rbsync.backends.redbrick.api.constants import (
    END,
    FEEDBACK_BRICK,
    INPUT_BRICK,
    OUTPUT_BRICK,
)
from rbsync.backends.redbrick.api.operations.project import GET_TAXONOMY
from rbsync.backends.redbrick.api.operations.project_changes import (
    attributes_of,
    lacking,
    object_types,
)
from rbsync.backends.redbrick.api.operations.tasks import COUNT
from rbsync.backends.redbrick.api.refusals import told_apart
from rbsync.backends.redbrick.http.network_errors import DeniedError, denied, problem
from rbsync.labels.taxonomy import Taxonomy

PROJECTS = Operation(
    "getProjectsSDK",
    """query getProjectsSDK($orgId: UUID!, $active: Boolean) {
  projects(orgId: $orgId, active: $active) { orgId projectId name status createdAt }
}""",
)

CREATE_TAXONOMY = Operation(
    "createTaxonomyNewSDK",
    """mutation createTaxonomyNewSDK(
  $orgId: UUID!, $name: String!, $studyClassify: [NewAttributeInput!],
  $seriesClassify: [NewAttributeInput!], $instanceClassify: [NewAttributeInput!],
  $objectTypes: [ObjectTypeInput!]
) {
  createTaxonomyNew(
    orgId: $orgId, name: $name, studyClassify: $studyClassify, seriesClassify: $seriesClassify,
    instanceClassify: $instanceClassify, objectTypes: $objectTypes
  ) { ok }
}""",
)

CREATE_PROJECT = Operation(
    "createProjectSimpleSDK",
    """mutation createProjectSimpleSDK(
  $orgId: UUID!, $name: String!, $stages: [StageInputSimple!]!, $tdType: TaskDataType!,
  $taxonomyName: String!, $taxonomyVersion: Int!, $workspaceId: UUID,
  $taskDuplicationCount: Int, $consensusSettings: ConsensusSettingsInput
) {
  createProjectSimple(
    orgId: $orgId, name: $name, stages: $stages, tdType: $tdType, taxonomyName: $taxonomyName,
    taxonomyVersion: $taxonomyVersion, workspaceId: $workspaceId,
    taskDuplicationCount: $taskDuplicationCount, consensusSettings: $consensusSettings
  ) { ok errors project { projectId } }
}""",
)

_GOING = ("REMOVING", "CREATION_FAILURE")
_LABEL, _REVIEW = "manual-labeling", "expert-review"
_FIRST, _OUTPUT = "Label", "Output"
_LONGEST_STAGE = 20
_ID_HINT = "say which by `project_id: {}` below `backend`"
_TAXONOMY_HINT = (
    "other projects may have it: add them to it at the service, or declare a file with another "
    "`name` of the taxonomy"
)


class Named(NamedTuple):
    """A project of the name that was asked for, and how many others have it too; empty for none."""

    project_id: str = ""
    others: int = 0


def project_of(client: Client, name: str) -> Named:
    """The project of a name: of several the one that has tasks, else the one that was made first.

    So all clients find the same, also when two made one at the same time: the later one stays
    empty. Raises BackendError where more than one has tasks.
    """
    every = client.read(PROJECTS, projectId=..., active=True).nodes("projects")
    same = [one for one in every if one.text("name") == name and _stays(one)]
    if len(same) < 2:
        return Named(same[0].filled("projectId") if same else "")
    held = [one for one in same if _count(client, one.filled("projectId"))]
    if len(held) > 1:
        ids = [one.filled("projectId") for one in same]
        message = f'{len(same)} projects are called "{name}": {", ".join(ids)}'
        raise problem(message, kind="invalid", hint=_ID_HINT.format(ids[0]))
    first = min(held or same, key=_age)
    return Named(first.filled("projectId"), len(same) - 1)


def _stays(project: Node) -> bool:
    return project.text_or_none("status") not in _GOING


def _age(project: Node) -> tuple[str, str]:
    """Of two that were made in the same moment, all take the same."""
    return project.text_or_none("createdAt") or "", project.filled("projectId")


def _count(client: Client, project_id: str) -> int:
    answer = client.read(COUNT, projectId=project_id, stageName=None, first=0)
    return int(answer.node("tasksPaged").number_or_none("count") or 0)


@told_apart
def create_taxonomy(client: Client, name: str, declared: Taxonomy, project_type: str) -> int:
    """Makes a taxonomy where there is none of this name, and returns its version.

    Raises BackendError, also for one that is there and lacks what is declared.
    """
    version = _version(client, name)
    if version is not None:
        # It is the organization's, and categories that a project adds are in all that have it.
        if missing := lacking(client, name, declared):
            message = f'the organization has a taxonomy "{name}", which lacks {", ".join(missing)}'
            raise problem(message, kind="invalid", hint=_TAXONOMY_HINT)
        return version
    try:
        answer = client.ask(
            CREATE_TAXONOMY,
            projectId=...,
            name=name,
            studyClassify=attributes_of(declared.attributes) or None,
            seriesClassify=None,
            instanceClassify=None,
            objectTypes=object_types(declared, project_type),
        )
        if not answer.node("createTaxonomyNew").flag("ok"):
            raise denied(f'the service did not make the taxonomy "{name}"')
    except DeniedError:
        # Somebody else may have made it in between, which is as good.
        version = _version(client, name)
        if version is None:
            raise
        return version
    return _version(client, name) or 1


def _version(client: Client, name: str) -> int | None:
    found = client.read(GET_TAXONOMY, projectId=..., taxId=None, name=name).node_or_none("taxonomy")
    return None if found is None else int(found.number_or_none("version") or 1)


@told_apart
def create_project(
    client: Client, name: str, kind: str, stages: Sequence[str], taxonomy: tuple[str, int]
) -> str:
    """Makes a project, once, and returns its id; ``taxonomy`` is the name and version of its own.

    Raises BackendError.
    """
    answer = client.ask(
        CREATE_PROJECT,
        projectId=...,
        name=name,
        stages=list(_pipeline(stages or (_FIRST,))),
        tdType=kind,
        taxonomyName=taxonomy[0],
        taxonomyVersion=taxonomy[1],
        workspaceId=None,
        taskDuplicationCount=None,
        consensusSettings=None,
    ).node("createProjectSimple")
    made = answer.node_or_none("project")
    if not answer.flag("ok") or made is None:
        words = "; ".join(map(str, answer.value("errors") or ()))
        raise denied(f'the service did not make the project "{name}": {words}', words)
    return made.filled("projectId")


def _pipeline(names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Stages in a row: people label in the first, and review in those after it.

    What a review refuses goes back to the first by a stage of its own, as the service has it.
    """
    first, *reviews = names
    following = [*reviews, _OUTPUT]
    refused = f"Failed_{reviews[0]}"[:_LONGEST_STAGE] if reviews else ""
    yield _stage("Input", INPUT_BRICK, nextStageName=first)
    yield _stage(first, _LABEL, nextStageName=following[0])
    for name, after in zip(reviews, following[1:], strict=True):
        yield _stage(name, _REVIEW, passed=after, failed=refused)
    if refused:
        yield _stage(refused, FEEDBACK_BRICK, feedbackStageName=first)
    yield _stage(_OUTPUT, OUTPUT_BRICK, nextStageName=END)


def _stage(name: str, brick: str, **routing: str) -> dict[str, Any]:
    return {"stageName": name, "brickName": brick, "stageConfig": "{}", "routing": routing}
