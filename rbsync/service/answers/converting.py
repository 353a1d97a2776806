"""Check a batch of tasks and bring them into the flat form."""

from __future__ import annotations

import json
from typing import Any

from rbsync.service.conversion.import_problem import NotConvertibleError
from rbsync.service.conversion.task import flat_task, is_flat
from rbsync.service.service import Call


def validate_and_convert(
    call: Call,
    original: str,
    convert: bool | None = None,
    storage_id: str | None = None,  # noqa: ARG001  (items are not looked at)
) -> dict[str, Any]:
    try:
        tasks = _tasks(original)
        taxonomy = call.service.meta.read_taxonomy()
        converted = [flat_task(one, at, taxonomy) for at, one in enumerate(tasks)]
    except NotConvertibleError as error:
        return {"isValid": False, "error": str(error), "converted": None}
    as_it_was = not convert or all(is_flat(one) for one in tasks)
    return {"isValid": True, "converted": None if as_it_was else _text(converted)}


def _tasks(original: str) -> list[Any]:
    try:
        tasks = json.loads(original)
    except (ValueError, RecursionError) as error:
        raise NotConvertibleError("the tasks are not JSON") from error
    if not isinstance(tasks, list):
        raise NotConvertibleError("the tasks are not a list")
    return tasks


def _text(tasks: list[Any]) -> str:
    return json.dumps(tasks, separators=(",", ":"))
