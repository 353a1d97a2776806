"""The meaning of an unquoted scalar.

A manifest's values are text as it was written, so that ``0123``, ``NO`` and ``12:30:45`` stay
what they are. Where a place has a type the schema gives it; where it has none, ``typed`` does.
"""

from __future__ import annotations

import math
import re
from typing import Any

NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_JSON = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false")
_FIRST = frozenset("-0123456789tf")


class Plain(str):
    """Unquoted text that JSON would read as a number or a boolean."""

    __slots__ = ()


def resolve(text: str) -> str | None:
    """The value of an unquoted scalar: None, ``Plain``, or the text."""
    if text in NULLS:
        return None
    # The first character decides for nearly all texts, and is far cheaper than the pattern.
    if text[0] in _FIRST and _JSON.fullmatch(text):
        return Plain(text)
    return text


def typed(value: Any) -> Any:
    """A copy of a document's value in which numbers and booleans are what JSON makes of them."""
    if isinstance(value, dict):
        return {key: typed(member) for key, member in value.items()}
    if isinstance(value, list):
        return [typed(member) for member in value]
    # Text that was quoted stays text here, though it may read `123`: that is why the two are told
    # apart.
    if isinstance(value, Plain):
        return _scalar(value)
    return value


def _scalar(text: Plain) -> str | int | float | bool:
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text)
    except ValueError:
        number = float(text)
    # What no float can hold stays text, for the schema of the place to refuse.
    return str(text) if math.isinf(number) else number
