"""The JSON Schema that editors use agrees with what is loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from rbsync.manifest.json_schema import manifest_schema, schema_text
from rbsync.sources import DATAPOINT_SOURCES, MASK_SOURCES
from tests.manifest.test_load import EXAMPLE

FILE = Path(__file__).parents[2] / "schemas" / "manifest.schema.json"
SCHEMA = manifest_schema()


def is_valid(text: str) -> bool:
    """Whether an editor, which types values as YAML 1.2 does, would take it."""
    value = json.loads(json.dumps(yaml.safe_load(text)))
    return jsonschema.Draft202012Validator(SCHEMA).is_valid(value)


def test_the_file_is_that_of_the_models() -> None:
    command = "python -m rbsync.documents.schemas schemas"
    assert FILE.read_text("utf-8") == schema_text(), command


def test_it_is_a_schema_of_the_draft() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_example_is_valid() -> None:
    assert is_valid(EXAMPLE)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("version: 1", "version: 2"),
        ("kind: redbrick", "kind: brick"),
        ("  prune: false", "  prune: perhaps"),
        ("max_delete: 5%", "max_delete: 10"),
        ("type: IMAGE_SEGMENTATION", "type: IMAGES"),
        ("glob: images", "globb: images"),
        ("items: [http", "items: x #"),
        ("on_change: update", "on_chnge: update"),
        ("  ground_truth: false", "  ground_truth: 'x'"),
        ("  - folder: exports", "  - folders: exports"),
        ("    class_map: class_map.json", ""),
        ("ignore_colors: [[0, 0, 0]]", "ignore_colors: black"),
    ],
)
def test_a_mistake_is_not_valid(right: str, wrong: str) -> None:
    assert right in EXAMPLE
    assert not is_valid(EXAMPLE.replace(right, wrong))


def test_every_kind_of_source_is_in_it() -> None:
    for key, kinds in (("datapoints", DATAPOINT_SOURCES), ("masks", MASK_SOURCES)):
        choices = SCHEMA["properties"][key]["items"]["anyOf"]
        names = [kind.__name__ for _, kind in kinds.own()]
        assert [one["$ref"] for one in choices] == [f"#/$defs/{name}" for name in names]


def properties(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for holder in (schema, *schema["$defs"].values()):
        for name, described in holder.get("properties", {}).items():
            yield f"{holder['title']}.{name}", described


@pytest.mark.parametrize(("name", "described"), list(properties(SCHEMA)))
def test_every_key_has_a_description_and_an_example(name: str, described: dict[str, Any]) -> None:
    assert described["description"].endswith(".")
    assert described["examples"]
