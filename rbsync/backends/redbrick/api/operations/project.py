"""The project, its taxonomy, and the storages of its organization."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rbsync.backends.redbrick.api.answers import Node
from rbsync.backends.redbrick.api.client import Client, Operation
from rbsync.backends.redbrick.api.constants import (
    END,
    FEEDBACK_BRICK,
    INPUT_BRICK,
    OUTPUT_BRICK,
)

_ATTRIBUTE = "name attrType attrId options { name optionId color archived } archived parents"
_CATEGORY = "name classId disabled"
_DEPTH = 6
"""How deep the service's own client asks for the categories of an old taxonomy."""


def _nested(fields: str, depth: int) -> str:
    return f"{fields} children {{ {_nested(fields, depth - 1)} }}" if depth else fields


_TAXONOMY = f"""
    orgId taxId name version archived isNew
    categories {{ {_nested(_CATEGORY, _DEPTH)} }}
    attributes {{ name attrType whitelist disabled }}
    taskCategories {{ {_nested(_CATEGORY, _DEPTH)} }}
    taskAttributes {{ name attrType whitelist disabled }}
    studyClassify {{ {_ATTRIBUTE} }}
    seriesClassify {{ {_ATTRIBUTE} }}
    instanceClassify {{ {_ATTRIBUTE} }}
    objectTypes {{
      category classId labelType attributes {{ {_ATTRIBUTE} }} color archived parents
    }}
"""

GET_PROJECT = Operation(
    "getProjectSDK",
    f"""query getProjectSDK($orgId: UUID!, $projectId: UUID!) {{
  project(orgId: $orgId, projectId: $projectId) {{
    orgId projectId name status tdType
    taxonomy {{ {_TAXONOMY} }}
    stages {{ stageName brickName }}
  }}
}}""",
)

GET_TAXONOMY = Operation(
    "getTaxonomySDK",
    f"""query getTaxonomySDK($orgId: UUID!, $taxId: UUID, $name: String) {{
  taxonomy(orgId: $orgId, taxId: $taxId, name: $name) {{ {_TAXONOMY} }}
}}""",
)

STORAGE_METHODS = Operation(
    "storageMethodsSDK",
    """query storageMethodsSDK($orgId: UUID!) {
  storageMethods(orgId: $orgId) { orgId storageId name provider deleted details {
    ... on S3BucketStorageDetails { bucket }
    ... on GCSBucketStorageDetails { bucket }
  } }
}""",
)

_CONTENTS = (
    "categories",
    "attributes",
    "taskCategories",
    "taskAttributes",
    "studyClassify",
    "seriesClassify",
    "instanceClassify",
    "objectTypes",
)


class Stages(NamedTuple):
    """Names of stages: where tasks begin, and those that mean ground truth."""

    starts: frozenset[str] = frozenset()
    ends: frozenset[str] = frozenset({END})


@dataclass(frozen=True)
class ProjectFacts:
    """The facts of a project. ``taxonomy`` is JSON, and ``working`` the stages of people's work."""

    name: str
    status: str
    type: str
    taxonomy: dict[str, Any]
    stages: Stages = field(default_factory=Stages)
    working: tuple[str, ...] = ()


class Storage(NamedTuple):
    storage_id: str
    name: str
    provider: str
    bucket: str = ""


def open_project(client: Client) -> ProjectFacts | None:
    """Returns what the project is, None when there is none that the key may see."""
    found = client.read(GET_PROJECT).node_or_none("project")
    if found is None:
        return None
    return ProjectFacts(
        found.text("name"),
        found.text("status"),
        found.text("tdType"),
        _whole(client, found.node("taxonomy")),
        *_stages(found),
    )


def _stages(project: Node) -> tuple[Stages, tuple[str, ...]]:
    """People begin in the first of the stages that take tasks neither in nor out."""
    bricks = [
        (one.text("stageName"), one.text_or_none("brickName")) for one in project.nodes("stages")
    ]
    inputs = [name for name, brick in bricks if brick == INPUT_BRICK]
    outputs = [name for name, brick in bricks if brick == OUTPUT_BRICK]
    others = (INPUT_BRICK, OUTPUT_BRICK, FEEDBACK_BRICK)
    working = [name for name, brick in bricks if brick not in others]
    stages = Stages(frozenset((*inputs, *working[:1])), frozenset((END, *outputs)))
    return stages, tuple(working)


def _whole(client: Client, taxonomy: Node) -> dict[str, Any]:
    """The taxonomy of a project, which may have come with no more than its name."""
    found = _contents(taxonomy)
    # For some projects the service answers with the taxonomy's name alone. Taken for the whole it
    # would refuse every category of the manifest.
    if any(found[key] for key in _CONTENTS) or not taxonomy.text_or_none("name"):
        return found
    answer = client.read(GET_TAXONOMY, projectId=..., taxId=None, name=taxonomy.text("name"))
    again = answer.node_or_none("taxonomy")
    return _contents(again) if again else found


def _contents(taxonomy: Node) -> dict[str, Any]:
    facts = {key: taxonomy.value(key) for key in ("name", "version")}
    return {**facts, **{key: taxonomy.value(key) for key in _CONTENTS}}


def _bucket_of(details: Node | None) -> str:
    return (details.text_or_none("bucket") or "") if details else ""


def storages(client: Client) -> list[Storage]:
    """The storages of the organization that are in use."""
    answer = client.read(STORAGE_METHODS, projectId=...)
    return [
        Storage(
            one.text("storageId"),
            one.text_or_none("name") or "",
            one.text_or_none("provider") or "",
            _bucket_of(one.node_or_none("details")),
        )
        for one in answer.nodes("storageMethods")
        if not one.value("deleted")
    ]
