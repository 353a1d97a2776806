"""The schemas that are shipped are those of the models."""

from __future__ import annotations

import jsonschema
import pytest

from rbsync.documents.schemas import schemas
from tests.schemas import FOLDER, schema


@pytest.mark.parametrize("name", ["manifest", "plan", "report"])
def test_the_schema_is_not_stale(name: str) -> None:
    file = f"{name}.schema.json"
    command = "python -m rbsync.documents.schemas schemas"
    assert (FOLDER / file).read_text() == schemas()[file], f"write it anew: {command}"


@pytest.mark.parametrize("name", ["manifest", "plan", "report"])
def test_the_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))
