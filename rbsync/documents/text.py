"""The text of a document: a member a line, an entry of a long list a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

# Halves of characters, from file names that are not UTF-8: no JSON reader takes them.
_LONE = re.compile("[\ud800-\udfff]")
# What a terminal obeys, or shows in another order: JSON can spell it with ASCII letters.
_UNSEEN = re.compile(
    "[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]"
)


def dump(document: Mapping[str, Any]) -> str:
    """JSON text that is quick to write, pleasant to read and kind to diffs."""
    return "".join(pieces(document))


def pieces(document: Mapping[str, Any]) -> Iterator[str]:
    """The text of `dump`, entry by entry: an iterator may stand in the place of a list."""
    # Not `json.dumps(indent=2)`: a million actions would be twenty million lines, and a diff of
    # two plans would show members without the datapoint that they belong to.
    yield "{"
    for number, (key, value) in enumerate(document.items()):
        yield f"{',' if number else ''}\n  {_one(key)}: "
        if isinstance(value, Iterator) or (isinstance(value, list) and value):
            yield from _listed(value)
        else:
            yield _one(value)
    yield "\n}\n"


ENTRIES: Mapping[str, str] = {
    "actions": "action",
    "outcomes": "outcome",
    "datapoints": "datapoint",
    "tasks": "task",
    "records": "record",
    "failures": "failure",
    "problems": "problem",
    "warnings": "warning",
}
"""What an entry of a document's list is called where it stands by itself."""


DOCUMENT = "document"
"""What is left of a document is called, once its entries were told."""


def lines(document: Mapping[str, Any]) -> Iterator[str]:
    """The document as JSON lines: each entry of its lists, then all else as ``document``."""
    rest = dict(document)
    for key, kind in ENTRIES.items():
        if isinstance(rest.get(key), list | Iterator):
            yield from (line(kind, entry) for entry in rest.pop(key))
    yield line(DOCUMENT, rest)


def line(event: str, content: Mapping[str, Any]) -> str:
    """One of several JSON objects, on a line of its own; ``event`` says what it is."""
    return _one({"event": event, **content}) + "\n"


def _listed(values: Iterable[Any]) -> Iterator[str]:
    is_empty = True
    for value in values:
        yield f"{'[' if is_empty else ','}\n    {_one(value)}"
        is_empty = False
    yield "[]" if is_empty else "\n  ]"


def _one(value: Any) -> str:
    # Names stay as people write them: `grüße` can be searched for, `gr\\u00fc\\u00dfe` cannot.
    text = json.dumps(value, ensure_ascii=False)
    if text.isascii() and "\x7f" not in text:
        return text
    return _UNSEEN.sub(_spelled_out, _LONE.sub("\ufffd", text))


def _spelled_out(found: re.Match[str]) -> str:
    # JSON's own spelling: whoever parses the document gets the very characters back.
    return json.dumps(found.group())[1:-1]
