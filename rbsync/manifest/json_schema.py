"""The manifest's JSON Schema, from which editors complete and check it.

``python -m rbsync.documents.schemas schemas`` writes it anew, and those of the documents.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from rbsync.backends import BACKENDS
from rbsync.errors import PluginError
from rbsync.manifest.manifest_model import manifest_model
from rbsync.mask_formats import MASK_FORMATS, single_file_formats
from rbsync.plugins import ExtensionPoint
from rbsync.sources import DATAPOINT_SOURCES, MASK_SOURCES
from rbsync.sources.base import SourceModel

Member = TypeVar("Member")
_MODE: JsonSchemaMode = "validation"


def manifest_schema(*, plugins: bool = False) -> dict[str, Any]:
    """The schema, Draft 2020-12; with ``plugins`` also of the kinds that are installed.

    A plug-in that cannot be loaded is left out.
    """
    lists = {
        "datapoints": [kind for _, kind in _members(DATAPOINT_SOURCES, plugins)],
        "masks": [kind for _, kind in _members(MASK_SOURCES, plugins)],
    }
    added = [name for name, _ in _members(BACKENDS, plugins) if name not in BACKENDS.built_in]
    manifest = manifest_model(added)
    models: list[type[Any]] = [manifest, *lists["datapoints"], *lists["masks"]]
    inputs: list[Any] = [(model, _MODE, TypeAdapter(model)) for model in models]
    references, shared = TypeAdapter.json_schemas(inputs)
    definitions = shared["$defs"]
    root = definitions.pop(_name(references[manifest, _MODE]))
    # The models' field knows sources only by their base, of which no entry is.
    definitions.pop("SourceModel", None)
    for key, kinds in lists.items():
        root["properties"][key]["items"] = _choice(kinds, references, definitions)
    if plugins:
        glob = definitions[_name(references[MASK_SOURCES.member("glob"), _MODE])]
        glob["properties"]["format"]["enum"] = single_file_formats()
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        **root,
        "title": "rbsync manifest",
        "$defs": definitions,
    }


def schema_text(*, plugins: bool = False) -> str:
    """The text of ``schemas/manifest.schema.json``."""
    return json.dumps(manifest_schema(plugins=plugins), indent=2, ensure_ascii=False) + "\n"


def has_plugins() -> bool:
    """Tells whether an installed distribution adds to what a manifest may say."""
    points = (BACKENDS, DATAPOINT_SOURCES, MASK_SOURCES, MASK_FORMATS)
    return any(one.added() for one in points)


def _members(point: ExtensionPoint[Member], plugins: bool) -> Iterator[tuple[str, Member]]:
    yield from point.own()
    for name in point.added() if plugins else ():
        # Editors ask for the schema on every start; one broken distribution must not take
        # completion from all others.
        with suppress(PluginError):
            yield name, point.member(name)


def _choice(
    kinds: Sequence[type[SourceModel]], references: Any, definitions: dict[str, Any]
) -> dict[str, Any]:
    for kind in kinds:
        definition = definitions[_name(references[kind, _MODE])]
        # An entry is of a kind by having its key, also where the model has a default for it.
        definition["required"] = sorted({kind.key, *definition.get("required", ())})
    return {"anyOf": [references[kind, _MODE] for kind in kinds]}


def _name(reference: dict[str, str]) -> str:
    return reference["$ref"].rpartition("/")[2]
