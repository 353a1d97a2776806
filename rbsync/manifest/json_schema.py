"""The manifest's JSON Schema, from which editors complete and check it.

``python -m rbsync.manifest.json_schema > schemas/manifest.schema.json`` writes it anew.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from rbsync.manifest.kinds import SourceKinds
from rbsync.manifest.schema import ManifestModel
from rbsync.sources import DATAPOINT_SOURCES, MASK_SOURCES

_MODE: JsonSchemaMode = "validation"


def manifest_schema() -> dict[str, Any]:
    """The schema, Draft 2020-12."""
    models: list[type[BaseModel]] = [ManifestModel, *DATAPOINT_SOURCES, *MASK_SOURCES]
    references, shared = models_json_schema([(model, _MODE) for model in models])
    definitions = shared["$defs"]
    root = definitions.pop(_name(references[ManifestModel, _MODE]))
    # The models' field knows sources only by their base, of which no entry is.
    definitions.pop("SourceModel", None)
    for key, kinds in (("datapoints", DATAPOINT_SOURCES), ("masks", MASK_SOURCES)):
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


def _choice(kinds: SourceKinds, references: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    for kind in kinds:
        definition = definitions[_name(references[kind, _MODE])]
        definition["required"] = sorted({kind.key, *definition.get("required", ())})
    return {"anyOf": [references[kind, _MODE] for kind in kinds]}


def _name(reference: dict[str, str]) -> str:
    return reference["$ref"].rpartition("/")[2]


if __name__ == "__main__":
    sys.stdout.write(schema_text())
