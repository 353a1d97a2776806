"""How a document is written: a member a line, an entry of a long list a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_LONE = re.compile("[\ud800-\udfff]")
"""Halves of characters, from file names that are not UTF-8: no JSON reader takes them."""


def dump(document: Mapping[str, Any]) -> str:
    """JSON text that is quick to write, pleasant to read and kind to diffs."""
    members = ",\n".join(f"  {_one(key)}: {_member(value)}" for key, value in document.items())
    return f"{{\n{members}\n}}\n"


def _member(value: Any) -> str:
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(_entries(value)) + "\n  ]"
    return _one(value)


def _entries(values: list[Any]) -> Iterator[str]:
    for value in values:
        yield f"    {_one(value)}"


def _one(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isascii() else _LONE.sub("\ufffd", text)
