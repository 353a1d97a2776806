"""The JSON Schemas, generated from the models of the manifest and of the documents.

They stand in ``schemas/`` for people and editors, and in this package for `rbsync schema`.
"""

from __future__ import annotations

import json
import os
import sys
from importlib.resources import files
from typing import Any

from rbsync.documents.lines import with_lines

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SUFFIX = ".schema.json"
PUBLISHED = "published"
"""The folder in this package that has the schemas."""

_SERVICE = "redbrick"
"""The protocol of the service; its schema is one of GraphQL, which the package has as well."""


def schema_names() -> list[str]:
    """The names of the schemas that there are, sorted."""
    folder = files("rbsync.documents") / PUBLISHED
    names = [one.name.removesuffix(SUFFIX) for one in folder.iterdir() if SUFFIX in one.name]
    return sorted([*names, _SERVICE])


def published(name: str) -> str:
    """The text of a schema as it was published with this version. Raises KeyError."""
    if name not in schema_names():
        raise KeyError(name)
    if name == _SERVICE:
        return (files("rbsync.service") / "redbrick.graphql").read_text(encoding="utf-8")
    return (files("rbsync.documents") / PUBLISHED / (name + SUFFIX)).read_text(encoding="utf-8")


def schemas() -> dict[str, str]:
    """The text of each schema by its file's name, generated anew."""
    from rbsync.documents.catalogue import DOCUMENTS
    from rbsync.manifest.json_schema import schema_text

    made = {
        name + SUFFIX: _text(with_lines(model.model_json_schema(by_alias=True)))
        for name, model in DOCUMENTS.items()
    }
    return {**made, "manifest" + SUFFIX: schema_text()}


def _text(schema: dict[str, Any]) -> str:
    return json.dumps({"$schema": DIALECT, **schema}, indent=2, ensure_ascii=False) + "\n"


def write_schemas(folder: str) -> None:
    """Writes the schemas anew: ``python -m rbsync.documents.schemas schemas``."""
    for place in (folder, os.path.join(os.path.dirname(__file__), PUBLISHED)):
        os.makedirs(place, exist_ok=True)
        for name, text in schemas().items():
            with open(os.path.join(place, name), "w", encoding="utf-8") as file:
                file.write(text)


if __name__ == "__main__":
    write_schemas(sys.argv[1])
