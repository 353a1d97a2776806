"""The JSON Schemas in `schemas/`, generated from the models of manifest, plan and report."""

from __future__ import annotations

import json
from typing import Any

from rbsync.documents.plan import PlanDocument
from rbsync.documents.report import ReportDocument
from rbsync.manifest.schema import manifest_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, str]:
    """The text of each schema by its file's name."""
    found = {
        "manifest.schema.json": manifest_schema(),
        "plan.schema.json": PlanDocument.model_json_schema(by_alias=True),
        "report.schema.json": ReportDocument.model_json_schema(by_alias=True),
    }
    return {name: _text(schema) for name, schema in found.items()}


def _text(schema: dict[str, Any]) -> str:
    return json.dumps({"$schema": DIALECT, **schema}, indent=2, ensure_ascii=False) + "\n"
