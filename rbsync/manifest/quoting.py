"""The advice to put quotes around a value that YAML reads as something else than text."""

from __future__ import annotations

import json
import re

# A key or a dash, or several, and what follows on the line.
_VALUE = re.compile(r"^\s*(?:-\s+)*(?:[\w.-]+\s*:\s+)?(?P<value>\S.*?)\s*$")
# A mapping on one line, and a value in it that has a colon of its own.
_ENTRIES = re.compile(r"\{\s*[\w.-]+\s*:\s")
_COLON = re.compile(r"[\w.-]+\s*:\s+([^,{}\"']*: [^,{}]*)")
# A value of it that begins with a mark of YAML, also in a list; a number sign begins a comment.
_MARKED = re.compile(r"(?:[:,]\s+|\[\s*)([*&!#][^,{}\[\]\"'\s]*)")
_INNER_QUOTE = re.compile(r"'[^',{}\[\]]*'\w")
_INDICATORS = frozenset("*&!%@`|>?{}[],#-")
_QUOTES = ("'", '"')
_CLOSED = {"[": "]", "{": "}"}
_LONGEST = 60
ADVICE = "put quotes around it"
_TWICE = "a quote within a value ends it: put quotes of the other kind around the value"


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
        return _of_quotes(value)
    if value[0] not in _INDICATORS and ": " not in value and " #" not in value:
        return ""
    if value[0] in _CLOSED and _CLOSED[value[0]] not in value:
        return f"the `{value[0]}` that begins there is not closed"
    if secret:
        return "put quotes around the value"
    if _ENTRIES.match(value):
        if _INNER_QUOTE.search(value):
            return _TWICE
        inner = _MARKED.search(value) or _COLON.search(value)
        return quoted(inner[1].strip()) if inner else ""
    if value[0] == "[" and value[-1] == "]":
        return _each_quoted(value[1:-1].split(","))
    return quoted(value)


def _of_quotes(value: str) -> str:
    """The hint for a value that begins with a quote."""
    number = value.count(value[0])
    if number == 1:
        return "the quote that begins there is not closed"
    if value[-1] == value[0]:
        return _TWICE if number % 2 else ""
    return "put the quotes around all of the value"


def comment_hint(line: str) -> str:
    """The hint for a list in which a number sign begins a comment; empty for other lines."""
    found = _COMMENT.search(line)
    return quoted(found[1]) if found else ""


_COMMENT = re.compile(r"[\[,]\s*(#[^,\[\]{}\s\"']+)")


def _each_quoted(entries: list[str]) -> str:
    """The advice for a list: around all of it they would make a text of it."""
    written = (one.strip() for one in entries)
    shown = (one if one[:1] in _QUOTES else json.dumps(one, ensure_ascii=False) for one in written)
    return f"put quotes around each: [{', '.join(shown)}]"


def spacing_hint(line: str) -> str:
    """Returns what to do about a key whose colon no blank follows; empty for other lines."""
    found = _TIGHT.match(line)
    return f"write a space after the colon: `{found[1]}: {found[2]}`" if found else ""


# No address, and no drive of Windows.
_TIGHT = re.compile(r"\s*(?:-\s+)*([A-Za-z_]{2,}):(?![/\\])(\S.*?)\s*$")


def quoted(value: str) -> str:
    """The advice, with the value as it has to be written."""
    if len(value) > _LONGEST:
        return ADVICE
    return f"{ADVICE}: {json.dumps(value, ensure_ascii=False)}"
