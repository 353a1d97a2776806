"""The JSON Schemas in `schemas/`, generated from the models of manifest, plan and report."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from rbsync.documents.plan_document import PlanDocument
from rbsync.documents.report_document import ReportDocument
from rbsync.manifest.json_schema import schema_text

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, str]:
    """The text of each schema by its file's name."""
    return {
        "manifest.schema.json": schema_text(),
        "plan.schema.json": _text(PlanDocument.model_json_schema(by_alias=True)),
        "report.schema.json": _text(ReportDocument.model_json_schema(by_alias=True)),
    }


def _text(schema: dict[str, Any]) -> str:
    return json.dumps({"$schema": DIALECT, **schema}, indent=2, ensure_ascii=False) + "\n"


def write_schemas(folder: str) -> None:
    """Writes the schemas anew: ``python -m rbsync.documents.schemas schemas``."""
    for name, text in schemas().items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    write_schemas(sys.argv[1])
