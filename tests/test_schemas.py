"""The schemas that are shipped are those of the models, and each command has one."""

from __future__ import annotations

import jsonschema
import pytest

from rbsync.documents.catalogue import DOCUMENTS, document_of
from rbsync.documents.schemas import PUBLISHED, published, schema_names, schemas
from tests.schemas import FOLDER, commands, schema

PACKAGED = FOLDER.parent / "rbsync" / "documents" / PUBLISHED
COMMAND = "python -m rbsync.documents.schemas schemas"
HOW = "the docstring of rbsync/documents/catalogue.py says how a command gets one"


@pytest.mark.parametrize("name", sorted(schemas()))
def test_the_schema_is_not_stale(name: str) -> None:
    for folder in (FOLDER, PACKAGED):
        assert (folder / name).read_text() == schemas()[name], f"write it anew: {COMMAND}"


def test_no_schema_is_left_of_a_document_that_is_gone() -> None:
    for folder in (FOLDER, PACKAGED):
        assert sorted(one.name for one in folder.glob("*.json")) == sorted(schemas())


@pytest.mark.parametrize("name", [*DOCUMENTS, "manifest"])
def test_the_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize("command", commands())
def test_what_a_command_prints_as_json_has_a_schema(command: str) -> None:
    name = document_of(command)
    assert name in DOCUMENTS, f"`{command} --json` has no document `{name}`: {HOW}"


def test_no_document_is_of_a_command_that_is_gone() -> None:
    printed = {document_of(one) for one in commands()} | {"error"}
    left = set(DOCUMENTS) - printed
    assert not left, "a document has the name of its command, or `_OTHERS` of the catalogue has it"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_has_a_version_that_must_be_there(name: str) -> None:
    found = schema(name)
    assert found["properties"]["format_version"]["const"] == 1
    assert "format_version" in found["required"]
    assert found["description"]


@pytest.mark.parametrize("name", schema_names())
def test_the_package_has_what_stands_in_the_folder(name: str) -> None:
    file = "redbrick.graphql" if name == "redbrick" else f"{name}.schema.json"
    assert published(name) == (FOLDER / file).read_text()
