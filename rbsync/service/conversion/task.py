"""One task."""

from __future__ import annotations

from typing import Any

from rbsync.labels import Taxonomy
from rbsync.service.conversion.import_problem import objects, refuse, strings
from rbsync.service.conversion.imported_series import Flat, add_series
from rbsync.service.conversion.shapes import classification_labels

_OF_SERIES = {"series", "classification"}


def is_flat(task: Any) -> bool:
    """Whether a task is in the flat form already."""
    return isinstance(task, dict) and "series" not in task


def flat_task(task: Any, at: int, taxonomy: Taxonomy) -> dict[str, Any]:
    """A task in the flat form. Raises NotConvertibleError."""
    place = f"task {at}"
    if not isinstance(task, dict):
        refuse(place, "must be an object")
    name = task.get("name")
    if name is not None and (not isinstance(name, str) or not name):
        refuse(place, "its name must be a string that is not empty")
    if is_flat(task):
        strings(task.get("items"), f"{place}.items")
        return task
    flat = Flat()
    for number, series in enumerate(objects(task["series"], f"{place}.series")):
        add_series(flat, series, f"{place}.series[{number}]", taxonomy)
    flat.labels += classification_labels(task.get("classification"), f"{place}.classification")
    if not flat.items:
        refuse(f"{place}.series", "has no items")
    rest = {key: value for key, value in task.items() if key not in _OF_SERIES}
    return {**rest, **flat.as_json()}
