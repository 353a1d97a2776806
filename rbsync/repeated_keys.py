"""JSON objects that give a key twice, of which Python keeps the last and says nothing."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from rbsync.possessive import compiled

_TOKEN = compiled(r'"(?:[^"\\]++|\\.)*+"|[\[\]{},]', re.DOTALL)

KEEP_ONE = "keep one of the two"
"""The next step of whoever gave a key twice."""


class Repeats:
    """An ``object_pairs_hook`` that notes whether any object gives a key twice.

    It makes a list of a million objects take half a second more. Where both keys stand is looked
    for only then.
    """

    def __init__(self) -> None:
        self.seen = False

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            self.seen = True
        return found


class Repeat(NamedTuple):
    """A key given twice: the message with both places, and the line and column of the second."""

    message: str
    line: int
    column: int


def first_repeat(text: str, begin: int = 0) -> Repeat:
    """The first key that is given twice in JSON text from an offset, in which there is one."""
    objects: list[dict[str, int]] = []
    is_key = False
    for token in _TOKEN.finditer(text, begin):
        match token.group()[0]:
            case "{" | "[" as mark:
                # A list takes the place of an object that has no keys.
                objects.append({"": -1} if mark == "[" else {})
                is_key = mark == "{"
            case "}" | "]":
                objects.pop()
            case ",":
                is_key = objects[-1].get("") != -1
            case _ if is_key:
                key, at = json.loads(token.group()), token.start()
                if key in objects[-1]:
                    return _repeat(text, key, objects[-1][key], at)
                objects[-1][key] = at
                is_key = False
            case _:
                pass  # a value
    raise ValueError("no key is given twice")


def _repeat(text: str, key: str, first: int, second: int) -> Repeat:
    line, column = _place(text, second)
    one, other = ":".join(map(str, _place(text, first))), f"{line}:{column}"
    return Repeat(f"the key `{key}` is given twice, at {one} and at {other}", line, column)


def _place(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


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
