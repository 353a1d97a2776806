"""A report as programs read it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from pydantic import ValidationError

from rbsync.documents.report_document import ReportDocument, report_json
from rbsync.documents.text import dump
from rbsync.model.outcome import Report
from tests.documents.documents import META, REPORT, REPORTS

GOLDEN = Path(__file__).parents[1] / "golden/report-v1.json"
SCHEMA = ReportDocument.model_json_schema(by_alias=True)


def written(report: Report) -> str:
    return dump(report_json(report, META))


def test_a_report_is_written_as_it_was_in_version_1() -> None:
    assert written(REPORT) == GOLDEN.read_text()


@given(REPORTS)
def test_what_is_written_follows_the_schema(report) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(written(report)))


@given(REPORTS)
def test_what_is_written_can_be_read(report) -> None:
    document = ReportDocument.model_validate_json(written(report))
    assert document.model_dump(by_alias=True, exclude_unset=True) == report_json(report, META)


def test_the_counts_are_those_of_the_outcomes() -> None:
    assert report_json(REPORT, META)["summary"] == {
        "created": 1,
        "recognised": 0,
        "moved": 0,
        "accepted": 0,
        "updated": 2,
        "deleted": 1,
        "failed": 1,
        "skipped": 1,
        "blocked": 1,
        "unchanged": 4312,
    }


def test_members_that_nobody_knows_are_ignored() -> None:
    document = json.loads(GOLDEN.read_text())
    document["new"] = document["outcomes"][0]["new"] = {"a": 1}
    read = ReportDocument.model_validate(document)
    assert read.model_dump(by_alias=True, exclude_unset=True) == report_json(REPORT, META)


def test_a_newer_version_is_refused() -> None:
    document = json.loads(GOLDEN.read_text())
    document["format_version"] = 2
    with pytest.raises(ValidationError):
        ReportDocument.model_validate(document)
