"""The parts of a project that a manifest may declare beside its datapoints: people, categories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from rbsync.backends.redbrick.api.answers import Node
from rbsync.backends.redbrick.api.client import Client, Operation
from rbsync.backends.redbrick.api.operations.project import ProjectFacts
from rbsync.backends.redbrick.api.refusals import told_apart
from rbsync.backends.redbrick.http.network_errors import denied, problem
from rbsync.labels.taxonomy import Attribute, Category, Taxonomy

MEMBERS = Operation(
    "projectMembersSDK",
    """query projectMembersSDK($orgId: UUID!, $projectId: UUID!) {
  projectMembers(orgId: $orgId, projectId: $projectId) {
    member { user { userId email } role }
    role
  }
}""",
)

_ATTRIBUTE = """name attrType attrId options { name optionId color archived } archived parents hint
      defaultValue minValue maxValue stepValue"""

# With all that an update has to say again: what it leaves out would be lost.
WHOLE_TAXONOMY = Operation(
    "getTaxonomySDK",
    f"""query getTaxonomySDK($orgId: UUID!, $taxId: UUID, $name: String) {{
  taxonomy(orgId: $orgId, taxId: $taxId, name: $name) {{
    orgId taxId name isNew
    studyClassify {{ {_ATTRIBUTE} }}
    seriesClassify {{ {_ATTRIBUTE} }}
    instanceClassify {{ {_ATTRIBUTE} }}
    objectTypes {{
      category classId labelType attributes {{ {_ATTRIBUTE} }} color archived parents hint
    }}
  }}
}}""",
)

UPDATE_TAXONOMY = Operation(
    "updateTaxonomySDK",
    """mutation updateTaxonomySDK(
  $orgId: UUID!, $taxId: UUID!, $studyClassify: [NewAttributeInput!],
  $seriesClassify: [NewAttributeInput!], $instanceClassify: [NewAttributeInput!],
  $objectTypes: [ObjectTypeInput!]
) {
  updateTaxonomy(
    orgId: $orgId, taxId: $taxId, studyClassify: $studyClassify,
    seriesClassify: $seriesClassify, instanceClassify: $instanceClassify,
    objectTypes: $objectTypes
  ) { ok }
}""",
)

_PARTS = ("studyClassify", "seriesClassify", "instanceClassify")
_OLD_HINT = "add the categories on the taxonomy's page of the service"
_TYPE_HINT = (
    "declare the taxonomy as a file with `objectTypes`, each with its category, classId and "
    "labelType"
)
_ATTRIBUTE_TYPES = frozenset({"BOOL", "TEXT", "NUMBER", "SELECT", "MULTISELECT"})
_TYPES = ("BBOX", "POINT", "POLYLINE", "POLYGON", "ELLIPSE", "SEGMENTATION")
"""Label types that project types are called by."""


def members(client: Client) -> dict[str, str]:
    """The roles of people in the project, by their e-mail."""
    found = {}
    for one in client.read(MEMBERS).nodes("projectMembers"):
        user = one.node("member").node("user")
        email = user.text_or_none("email") or user.text_or_none("userId") or ""
        found[email] = one.text_or_none("role") or ""
    return found


@told_apart
def extend_taxonomy(
    client: Client, facts: ProjectFacts, declared: Taxonomy, *, is_empty: bool
) -> list[str]:
    """Adds the declared categories that the project's taxonomy lacks; returns their names.

    One that ``is_empty`` has no form yet, and may be given any. Raises BackendError for a taxonomy
    that cannot be extended.
    """
    name = str(facts.taxonomy["name"] or "")
    # Read anew, for a colleague may have added some: an update says all that there is to be.
    found = _whole(client, name)
    if found is None:
        raise denied(f'the service does not show the taxonomy "{name}" of the project')
    present = _objects(found.value("objectTypes"))
    missing = _missing(present, declared)
    if not missing:
        return []
    if not (found.value("isNew") or is_empty):
        message = f'the taxonomy "{name}" is of the old form, which has no label types'
        raise problem(message, kind="invalid", hint=_OLD_HINT)
    given: dict[str, Any] = {part: _objects(found.value(part)) for part in _PARTS}
    types = list(_extended(present, missing, _label_type(facts.type, present)))
    answer = client.ask(
        UPDATE_TAXONOMY, projectId=..., taxId=found.filled("taxId"), objectTypes=types, **given
    )
    if not answer.node("updateTaxonomy").flag("ok"):
        raise denied(f'the service did not extend the taxonomy "{name}"')
    return [one.name for one, _ in missing]


def lacking(client: Client, name: str, declared: Taxonomy) -> list[str]:
    """The names of the declared categories that a taxonomy of the organization lacks."""
    found = _whole(client, name)
    present = _objects(found.value("objectTypes")) if found else []
    return [one.name for one, _ in _missing(present, declared)]


def _whole(client: Client, name: str) -> Node | None:
    return client.read(WHOLE_TAXONOMY, projectId=..., taxId=None, name=name).node_or_none(
        "taxonomy"
    )


def _missing(
    present: Sequence[Mapping[str, Any]], declared: Taxonomy
) -> list[tuple[Category, list[str]]]:
    shown = {str(one.get("category")) for one in present if not one.get("archived")}
    return [one for one in _with_parents(declared) if one[0].name not in shown]


def object_types(declared: Taxonomy, project_type: str) -> list[dict[str, Any]]:
    """The object types of a taxonomy that is to be made. Raises BackendError."""
    return list(_extended((), list(_with_parents(declared)), _label_type(project_type, ())))


def attributes_of(every: Sequence[Attribute]) -> list[dict[str, Any]]:
    """Attributes as the service takes them; one that may have any value is text."""
    return [
        {
            "name": one.name,
            "attrType": one.type.upper() if one.type.upper() in _ATTRIBUTE_TYPES else "TEXT",
            "attrId": number,
            "options": [
                {"name": name, "optionId": at, "color": None, "archived": False}
                for at, name in enumerate(one.options)
            ],
            "archived": False,
            "parents": [],
            "hint": None,
            "defaultValue": None,
            "minValue": None,
            "maxValue": None,
            "stepValue": None,
        }
        for number, one in enumerate(every)
    ]


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _with_parents(taxonomy: Taxonomy) -> Iterator[tuple[Category, list[str]]]:
    """The categories of labels, each with the names of those that it is below."""

    def walk(one: Category, above: list[str]) -> Iterator[tuple[Category, list[str]]]:
        if one.is_of_labels:
            yield one, above
        for child in one.children:
            yield from walk(child, [*above, one.name])

    for top in taxonomy.categories:
        yield from walk(top, [])


def _label_type(project_type: str, present: Sequence[Mapping[str, Any]]) -> str:
    """The label type of a category that does not tell; empty where nothing tells."""
    kind = project_type.rpartition("_")[2]
    if kind in _TYPES:
        return kind
    found = {str(one.get("labelType")) for one in present}
    return found.pop() if len(found) == 1 else ""


def _extended(
    present: Sequence[dict[str, Any]], missing: Sequence[tuple[Category, list[str]]], kind: str
) -> Iterator[dict[str, Any]]:
    """All object types as they are to be: those that are there, then the new ones."""
    wanted = {one.name for one, _ in missing}
    known = {str(one.get("category")) for one in present}
    # One that was put away has its number and its labels still: it is taken out again.
    for one in present:
        yield {**one, "archived": False} if one.get("category") in wanted else one
    taken = {one.get("classId") for one in present}
    free = (number for number in count() if number not in taken)
    for category, parents in missing:
        if category.name in known:
            continue
        label_type = category.label_type or kind
        if not label_type:
            message = f'nothing tells the label type of the category "{category.name}"'
            raise problem(message, kind="invalid", hint=_TYPE_HINT)
        number = category.class_id if category.class_id not in taken else next(free)
        taken.add(number)
        yield {
            "category": category.name,
            "classId": number,
            "labelType": label_type,
            "attributes": attributes_of(category.attributes),
            "color": None,
            "archived": False,
            "parents": parents,
            "hint": None,
        }
