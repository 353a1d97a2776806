"""The schemas that are published are those of the documents."""

from __future__ import annotations

import json

import jsonschema
import pytest

from rbsync.documents.plan_document import plan_json
from rbsync.documents.report_document import report_json
from rbsync.documents.schemas import schemas
from tests.documents.documents import META, PLAN, REPORT


@pytest.mark.parametrize("name", ["plan", "report", "manifest"])
def test_every_schema_is_a_schema_of_its_dialect(name) -> None:
    schema = json.loads(schemas()[f"{name}.schema.json"])
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)


def test_documents_follow_the_published_schemas() -> None:
    published = {name: json.loads(text) for name, text in schemas().items()}
    for name, document in (
        ("plan.schema.json", plan_json(PLAN, META)),
        ("report.schema.json", report_json(REPORT, META)),
    ):
        jsonschema.Draft202012Validator(published[name]).validate(document)
