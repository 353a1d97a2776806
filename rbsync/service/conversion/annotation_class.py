"""The category and the attributes of an annotation."""

from __future__ import annotations

from typing import Any

from rbsync.labels import Taxonomy
from rbsync.service.conversion.import_problem import members, refuse
from rbsync.shapes.guards import is_whole

ROOT = "object"


def category_of(category: Any, place: str, taxonomy: Taxonomy) -> list[list[str]]:
    """The category of a label, from a name, a class id or a path. Raises NotConvertibleError."""
    if is_whole(category):
        names = [one.name for one in taxonomy.walk() if one.class_id == category]
        if not names:
            refuse(place, f"the taxonomy has no class {category}")
        return [[ROOT, names[0]]]
    path = [category] if isinstance(category, str) else category
    if not isinstance(path, list) or not path or not all(isinstance(one, str) for one in path):
        refuse(place, "needs a category: a name, a class id or a path")
    # Exports have the root in the path and people leave it out; both mean the same category.
    return [[ROOT, *(path[1:] if path[0] == ROOT and len(path) > 1 else path)]]


def attributes_of(value: Any, place: str) -> list[dict[str, Any]]:
    """The attributes of a label, from such a list or from values by name."""
    if isinstance(value, list):
        return value
    return [{"name": name, "value": one} for name, one in members(value, place).items()]
