"""JSON objects that give a key twice, of which Python keeps the last and says nothing."""

from __future__ import annotations

import json
from typing import Any


class RepeatedKey(dict[str, Any]):
    """An object that gives a key twice; ``repeat`` says which, and its two values."""

    repeat = ""


def keep_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An ``object_pairs_hook`` that makes a `RepeatedKey` of an object that is one."""
    found: dict[str, Any] = {}
    repeat = ""
    for key, value in pairs:
        if key in found and not repeat:
            repeat = f"`{key}` is given twice, as {_json(found[key])} and as {_json(value)}"
        found[key] = value
    if not repeat:
        return found
    told = RepeatedKey(found)
    told.repeat = repeat
    return told


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
