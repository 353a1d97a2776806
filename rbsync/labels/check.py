"""Check a list of LabelObjects: all problems in one pass."""

from __future__ import annotations

from collections.abc import Collection

from rbsync.labels.members import members
from rbsync.labels.problem import Check, LabelProblem, under
from rbsync.labels.project_types import KINDS, ProjectType
from rbsync.labels.project_types import project_type as type_named
from rbsync.labels.records import record
from rbsync.labels.scalars import wrong_type
from rbsync.labels.taxonomy import Attribute
from rbsync.labels.whole_label import whole_label


def check_labels(
    labels: object,
    *,
    project_type: str = "",
    categories: Collection[str] = (),
    attributes: Collection[Attribute] = (),
) -> list[LabelProblem]:
    """What is wrong with the labels of one datapoint, in the order of their places.

    ``labels`` is a list of LabelObjects as parsed JSON; null stands for absent. ``categories``
    and ``attributes`` are those of the taxonomy; empty, any will do. Raises ValueError for a
    project type that does not exist.
    """
    if not isinstance(labels, list | tuple):
        return list(wrong_type(labels, "a list of labels"))
    allowed = type_named(project_type)
    check = record({}, members(categories, attributes))
    found: list[LabelProblem] = []
    seen: dict[str, int] = {}
    for at, label in enumerate(labels):
        problems = _check_label(label, check, allowed)
        problems += _check_id(label, at, seen)
        if problems:
            found += under(at, problems)
    return found


def _check_label(label: object, check: Check, allowed: ProjectType) -> list[LabelProblem]:
    if not isinstance(label, dict):
        return list(wrong_type(label, "an object"))
    kinds = [
        key
        for key, value in label.items()
        if key in KINDS and value is not None and value is not False
    ]
    return [*check(label), *whole_label(label, kinds, allowed)]


def _check_id(label: object, at: int, seen: dict[str, int]) -> list[LabelProblem]:
    labelid = label.get("labelid") if isinstance(label, dict) else None
    if not isinstance(labelid, str):
        return []
    first = seen.setdefault(labelid, at)
    if first == at:
        return []
    message = f'"{labelid}" is the id of label {first} too'
    return [
        LabelProblem("duplicate-labelid", message, ("labelid",), "leave it out, or make it unique")
    ]
