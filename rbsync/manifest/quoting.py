"""The advice to put quotes around a value that YAML reads as something else than text."""

from __future__ import annotations

import json
import re

# A key or a dash, or several, and what follows on the line.
_VALUE = re.compile(r"^\s*(?:-\s+)*(?:[\w.-]+\s*:\s+)?(?P<value>\S.*?)\s*$")
# A mapping on one line, and a value in it that has a colon of its own.
_ENTRIES = re.compile(r"\{\s*[\w.-]+\s*:\s")
_COLON = re.compile(r"[\w.-]+\s*:\s+([^,{}\"']*: [^,{}]*)")
_INDICATORS = frozenset("*&!%@`|>?{}[],#-")
_QUOTES = ("'", '"')
_CLOSED = {"[": "]", "{": "}"}
_LONGEST = 60
ADVICE = "put quotes around it"


def opens_quote(line: str) -> bool:
    """Tells whether the value of a line begins with a quote that the line does not close."""
    found = _VALUE.match(line)
    value = found["value"] if found else ""
    return value[:1] in _QUOTES and value.replace("\\" + value[0], "").count(value[0]) % 2 == 1


def quoting_hint(line: str, *, secret: bool = False) -> str:
    """Returns what to do about a line that cannot be read; empty where quotes are no remedy.

    The value of a ``secret`` line is not repeated.
    """
    found = _VALUE.match(line)
    value = found["value"] if found else ""
    if not value:
        return ""
    if value[0] in _QUOTES:
        if value.count(value[0]) == 1:
            return "the quote that begins there is not closed"
        if value.count(value[0]) == 2 and value[-1] == value[0]:
            return ""
        return "put the quotes around all of the value"
    if value[0] not in _INDICATORS and ": " not in value and " #" not in value:
        return ""
    if value[0] in _CLOSED and _CLOSED[value[0]] not in value:
        return f"the `{value[0]}` that begins there is not closed"
    if secret:
        return "put quotes around the value"
    if _ENTRIES.match(value):
        inner = _COLON.search(value)
        return quoted(inner[1].strip()) if inner else ""
    if value[0] == "[" and value[-1] == "]":
        return _each_quoted(value[1:-1].split(","))
    return quoted(value)


def _each_quoted(entries: list[str]) -> str:
    """The advice for a list: around all of it they would make a text of it."""
    written = (one.strip() for one in entries)
    shown = (one if one[:1] in _QUOTES else json.dumps(one, ensure_ascii=False) for one in written)
    return f"put quotes around each: [{', '.join(shown)}]"


def quoted(value: str) -> str:
    """The advice, with the value as it has to be written."""
    if len(value) > _LONGEST:
        return ADVICE
    return f"{ADVICE}: {json.dumps(value, ensure_ascii=False)}"
