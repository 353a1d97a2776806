"""The manifest's JSON Schema, from which editors complete and check it.

``python -m rbsync.documents.schemas schemas`` writes it anew, and those of the documents.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from rbsync.backends import BACKENDS
from rbsync.manifest.manifest_model import manifest_model
from rbsync.sources import DATAPOINT_SOURCES, MASK_SOURCES, SourceKinds
from rbsync.sources.base import SourceModel

_MODE: JsonSchemaMode = "validation"


def manifest_schema(*, plugins: bool = False) -> dict[str, Any]:
    """The schema, Draft 2020-12; with ``plugins`` also of the kinds that are installed.

    Raises PluginError for one that is broken.
    """
    lists = {
        "datapoints": _members(DATAPOINT_SOURCES, plugins),
        "masks": _members(MASK_SOURCES, plugins),
    }
    manifest = manifest_model(BACKENDS.added() if plugins else ())
    models: list[type[BaseModel]] = [manifest, *lists["datapoints"], *lists["masks"]]
    references, shared = models_json_schema([(model, _MODE) for model in models])
    definitions = shared["$defs"]
    root = definitions.pop(_name(references[manifest, _MODE]))
    # The models' field knows sources only by their base, of which no entry is.
    definitions.pop("SourceModel", None)
    for key, kinds in lists.items():
        root["properties"][key]["items"] = _choice(kinds, references, definitions)
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        **root,
        "title": "rbsync manifest",
        "$defs": definitions,
    }


def schema_text() -> str:
    """The text of ``schemas/manifest.schema.json``."""
    return json.dumps(manifest_schema(), indent=2, ensure_ascii=False) + "\n"


def _members(kinds: SourceKinds, plugins: bool) -> list[type[SourceModel]]:
    names = kinds.names() if plugins else kinds.built_in
    return [kinds.member(name) for name in names]


def _choice(
    kinds: Sequence[type[SourceModel]], references: Any, definitions: dict[str, Any]
) -> dict[str, Any]:
    for kind in kinds:
        definition = definitions[_name(references[kind, _MODE])]
        definition["required"] = sorted({kind.key, *definition.get("required", ())})
    return {"anyOf": [references[kind, _MODE] for kind in kinds]}


def _name(reference: dict[str, str]) -> str:
    return reference["$ref"].rpartition("/")[2]
