"""The schema of what `--json-lines` prints of a document, made of the schema of the document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rbsync.documents.text import DOCUMENT, ENTRIES

LINE = "Line"
"""The name under ``$defs`` of the schema of one line."""


OUTAGE: dict[str, Any] = {
    "description": "The service does not answer and is waited for, or it answers again.",
    "type": "object",
    "properties": {
        "is_over": {"description": "Whether the service answers again.", "type": "boolean"},
        "seconds": {
            "description": "How long it lasted, or will be waited for: null for ever.",
            "type": ["number", "null"],
        },
        "why": {"description": "What was met, empty when it is over.", "type": "string"},
    },
    "required": ["is_over", "seconds", "why"],
}
"""What the event `outage` says."""


def with_lines(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a document, with that of its lines among its definitions."""
    members = schema["properties"]
    parted = {key: kind for key, kind in ENTRIES.items() if members.get(key, {}).get("items")}
    entries = [_line(kind, members[key]["items"]) for key, kind in parted.items()]
    line = {
        "title": LINE,
        "description": "A line of `--json-lines`: an entry of a list, or at the end what is left.",
        "anyOf": [*entries, *_happenings(parted), _line(DOCUMENT, _rest(schema, parted))],
    }
    return {**schema, "$defs": {**schema.get("$defs", {}), LINE: line}}


def _happenings(parted: Mapping[str, str]) -> list[dict[str, Any]]:
    """Returns what a run tells that is no part of its report."""
    return [_line("outage", OUTAGE)] if "outcomes" in parted else []


def _line(event: str, content: Mapping[str, Any]) -> dict[str, Any]:
    said = {"properties": {"event": {"const": event}}, "required": ["event"]}
    return {"allOf": [said, content]}


def _rest(schema: Mapping[str, Any], parted: Mapping[str, str]) -> dict[str, Any]:
    members = {key: one for key, one in schema["properties"].items() if key not in parted}
    required = [key for key in schema["required"] if key in members]
    return {"type": "object", "properties": members, "required": required}
