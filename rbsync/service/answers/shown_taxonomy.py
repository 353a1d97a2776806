"""The project's taxonomy: in the new form when its categories have label types, else the old."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from rbsync.labels.taxonomy import Attribute, Category, Taxonomy
from rbsync.service.refusal import RefusalError
from rbsync.service.service import Call, Service

UNNAMED = "taxonomy"
ROOT = "object"
_WORD = 0xFFFFFFFF
_TYPES = frozenset({"BOOL", "TEXT", "NUMBER", "SELECT", "MULTISELECT"})


def taxonomy(
    call: Call, org_id: str, tax_id: str | None = None, name: str | None = None
) -> dict[str, Any] | None:
    """By its id or name; null when there is none."""
    call.check_org(org_id)
    for found in _every(call):
        asked = (tax_id or found["taxId"], name or found["name"])
        if asked == (found["taxId"], found["name"]):
            return found
    return None


def _every(call: Call) -> list[dict[str, Any]]:
    return [
        as_taxonomy(call.service.main),
        *call.service.account.all("taxonomies").values(),
    ]


def taxonomies(
    call: Call, org_id: str, first: int | None = None, skip: int | None = None
) -> list[dict[str, Any]]:
    call.check_org(org_id)
    every = _every(call)
    start = skip or 0
    if start < 0 or (first or 0) < 0:
        raise RefusalError("first and skip are not negative")
    return every[start : len(every) if first is None else start + first]


def as_taxonomy(service: Service) -> dict[str, Any]:
    """The taxonomy of the project as the service describes it."""
    if service.home and service.made:
        return taxonomy_of(service.home, service.made)
    found = service.taxonomy()
    # One form and not both, so that no client reads a category twice.
    is_new = any(one.label_type for one in found.walk())
    return {
        "orgId": service.org_id,
        "name": found.name or UNNAMED,
        "taxId": str(uuid5(NAMESPACE_OID, f"taxonomy of {service.meta.project_id}")),
        "version": found.version,
        "createdAt": service.meta.created_at,
        "archived": False,
        "isNew": is_new,
        **_NOTHING,
        **(_new(found) if is_new else _old(found)),
    }


def taxonomy_of(home: Service, made: Mapping[str, Any]) -> dict[str, Any]:
    """The taxonomy of a project that a client has made, as it is now."""
    found = home.account.get("taxonomies", made["taxonomy"]["taxId"])
    return dict(found) if found else as_taxonomy(home)


_NOTHING: dict[str, Any] = {
    "categories": [],
    "attributes": [],
    "taskCategories": [],
    "taskAttributes": [],
    "colorMap": [],
    "studyClassify": [],
    "seriesClassify": [],
    "instanceClassify": [],
    "objectTypes": [],
}


def _old(found: Taxonomy) -> dict[str, Any]:
    tops = [_old_category(one) for one in found.categories]
    root = {"name": ROOT, "classId": None, "disabled": False, "children": tops}
    attributes = [
        {**one.as_json(), "attrType": one.type or "TEXT", "disabled": False}
        for one in found.all_attributes
    ]
    return {"categories": [root], "attributes": attributes}


def _old_category(one: Category) -> dict[str, Any]:
    children = [_old_category(child) for child in one.children]
    return {"name": one.name, "classId": one.class_id, "disabled": False, "children": children}


def _new(found: Taxonomy) -> dict[str, Any]:
    """Categories that only hold others together become the parents of those."""
    types = [one for top in found.categories for one in _object_types(top, [])]
    return {"objectTypes": types, "studyClassify": _attributes(found.attributes)}


def _object_types(one: Category, parents: list[str]) -> list[dict[str, Any]]:
    below = [*parents, one.name]
    found = [made for child in one.children for made in _object_types(child, below)]
    if not one.label_type:
        return found
    own = {
        "category": one.name,
        "classId": one.class_id,
        "labelType": one.label_type,
        "color": color_of(one.class_id),
        "attributes": _attributes(one.attributes),
        "archived": False,
        "parents": parents,
    }
    return [own, *found]


def color_of(class_id: int) -> str:
    """The colour of a class as ``#rrggbb``: the one that the SDK takes where there is none.

    Source: the public SDK 2.35.4, observed. A number of 32 bits is mixed until neighbours differ.
    """
    mixed = 374761397 + class_id * 3266489917
    for shift, factor in ((15, 2246822519), (13, 3266489917)):
        mixed = ((mixed ^ (mixed & _WORD) >> shift) * factor) & _WORD
    return f"#{(mixed ^ mixed >> 16) >> 8:06x}"


def _attributes(every: Sequence[Attribute]) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name,
            "attrType": one.type.upper() if one.type.upper() in _TYPES else "TEXT",
            "attrId": number,
            "options": [
                {"name": name, "optionId": at, "archived": False}
                for at, name in enumerate(one.options)
            ],
            "archived": False,
            "parents": [],
        }
        for number, one in enumerate(every)
    ]
