"""The JSON Schemas, generated from the models of the manifest and of the documents.

They stand in ``schemas/`` for people and editors, and in this package for `rbsync schema`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from rbsync.documents.text import DOCUMENT, ENTRIES

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SUFFIX = ".schema.json"
PUBLISHED = "published"
"""The folder in this package that has the schemas."""

_SERVICE = "redbrick"
"""The protocol of the service; its schema is one of GraphQL, which the package has as well."""


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


def schema_names() -> list[str]:
    """The names of the schemas that there are, sorted."""
    folder = files("rbsync.documents") / PUBLISHED
    names = [one.name.removesuffix(SUFFIX) for one in folder.iterdir() if SUFFIX in one.name]
    return sorted([*names, _SERVICE])


def published(name: str) -> str:
    """The text of a schema as it was published with this version. Raises KeyError."""
    # The name becomes a path: only those that are there, so that `../x` opens nothing else.
    if name not in schema_names():
        raise KeyError(name)
    if name == _SERVICE:
        return (files("rbsync.service") / "redbrick.graphql").read_text(encoding="utf-8")
    return (files("rbsync.documents") / PUBLISHED / (name + SUFFIX)).read_text(encoding="utf-8")


def schemas() -> dict[str, str]:
    """The text of each schema by its file's name, generated anew."""
    # Only for those who generate: `rbsync schema` prints what is published, and starts without
    # the models of all documents.
    from rbsync.documents.catalogue import DOCUMENTS, events_of
    from rbsync.manifest.json_schema import schema_text

    made = {
        name + SUFFIX: _text(with_lines(model.model_json_schema(by_alias=True), events_of(name)))
        for name, model in DOCUMENTS.items()
    }
    return {**made, "manifest" + SUFFIX: schema_text()}


def _text(schema: dict[str, Any]) -> str:
    return json.dumps({"$schema": DIALECT, **schema}, indent=2, ensure_ascii=False) + "\n"


def with_lines(
    schema: Mapping[str, Any], events: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """The schema of a document, with that of its lines among its definitions.

    ``events`` are the schemas of what is told beside the document, by their names.
    """
    members = schema["properties"]
    parted = {key: kind for key, kind in ENTRIES.items() if members.get(key, {}).get("items")}
    entries = [_line(kind, members[key]["items"]) for key, kind in parted.items()]
    line = {
        "title": LINE,
        "description": "A line of `--json-lines`: an entry of a list, or at the end what is left.",
        "anyOf": [
            *entries,
            *_happenings(parted, events),
            *(_line(name, _bare(one)) for name, one in (events or {}).items()),
            _line(DOCUMENT, _rest(schema, parted)),
        ],
    }
    added = [one.get("$defs", {}) for one in (events or {}).values()]
    parts = {name: part for defs in added for name, part in defs.items()}
    return {**schema, "$defs": {**schema.get("$defs", {}), **parts, LINE: line}}


def _bare(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {key: one for key, one in schema.items() if key != "$defs"}


def _happenings(
    parted: Mapping[str, str], events: Mapping[str, Mapping[str, Any]] | None
) -> list[dict[str, Any]]:
    """Returns what a run tells that is no part of its report."""
    return [_line("outage", OUTAGE)] if "outcomes" in parted or events else []


def _line(event: str, content: Mapping[str, Any]) -> dict[str, Any]:
    said = {"properties": {"event": {"const": event}}, "required": ["event"]}
    return {"allOf": [said, content]}


def _rest(schema: Mapping[str, Any], parted: Mapping[str, str]) -> dict[str, Any]:
    members = {key: one for key, one in schema["properties"].items() if key not in parted}
    required = [key for key in schema["required"] if key in members]
    return {"type": "object", "properties": members, "required": required}


def write_schemas(folder: str) -> None:
    """Writes the schemas anew: ``python -m rbsync.documents.schemas schemas``."""
    for place in (folder, os.path.join(os.path.dirname(__file__), PUBLISHED)):
        os.makedirs(place, exist_ok=True)
        for name, text in schemas().items():
            with open(os.path.join(place, name), "w", encoding="utf-8") as file:
                file.write(text)


if __name__ == "__main__":
    write_schemas(sys.argv[1])
