"""A report as a document: written by `apply --json` and kept as `report.json`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from rbsync.documents import FORMAT_VERSION
from rbsync.documents.parts import Document
from rbsync.model.outcome import Failure, Outcome, Report, Result, Verb
from rbsync.reasons import FailureKind, Phase
from rbsync.shapes.models import Part


class ErrorPart(Part):
    """The failure of an action."""

    kind: FailureKind = Field(alias="class", description="The class of the failure.")
    phase: Phase = Field(description="Where it failed.", examples=["upload"])
    attempts: int = Field(ge=1)
    status: int | None = Field(description="The HTTP status, when there was one.")
    message: str
    hint: str = Field(description="The next step, or empty.")


class OutcomePart(Part):
    """The outcome of one action."""

    name: str
    action: Verb
    outcome: Result
    task_id: str = ""
    error: ErrorPart | None = None
    note: str = ""


class CountsPart(Part):
    """The counts."""

    created: int
    recognised: int = Field(0, description="Datapoints that were there already, and are known now.")
    moved: int = Field(0, description="Datapoints that have another name now.")
    accepted: int = Field(0, description="Datapoints that the service agreed to make later.")
    updated: int
    deleted: int
    failed: int
    skipped: int
    blocked: int
    unchanged: int


class ReportDocument(Document):
    """The report of one run."""

    outcomes: list[OutcomePart]
    summary: CountsPart
    exit_code: int
    version: str = Field(
        "", description="That of the dataset, where the lock was known to be that of the files."
    )
    meta: dict[str, Any] = Field(default={}, description="When and by what it was made.")


def report_json(report: Report, meta: Mapping[str, Any], version: str = "") -> dict[str, Any]:
    """A report as a `ReportDocument`."""
    return {**report_stream(report, meta, version), "outcomes": [*_entries(report)]}


def report_stream(report: Report, meta: Mapping[str, Any], version: str = "") -> dict[str, Any]:
    """The content of `report_json`, with an iterator over the outcomes, for `pieces`."""
    return {
        "format_version": FORMAT_VERSION,
        "outcomes": _entries(report),
        "summary": counts(report),
        "exit_code": int(report.exit_code),
        # Left out where nobody knows it: an empty version would look like one that went missing.
        **({"version": version} if version else {}),
        "meta": dict(meta),
    }


def _entries(report: Report) -> Iterator[dict[str, Any]]:
    return map(outcome_json, report.outcomes)


def counts(report: Report) -> dict[str, int]:
    """The counts of a report."""
    return {
        "created": report.count("applied", "create"),
        "recognised": report.recognised,
        "moved": report.count("applied", "move"),
        "accepted": report.count("accepted"),
        # A replace is an update to whoever counts: the datapoint was there, and is there.
        "updated": report.count("applied", "update", "replace"),
        "deleted": report.count("removed"),
        "failed": report.count("failed"),
        "skipped": report.skipped,
        "blocked": report.blocked,
        "unchanged": report.unchanged,
    }


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """An outcome as an `OutcomePart`."""
    return {
        "name": outcome.name,
        "action": outcome.action,
        "outcome": outcome.result,
        "task_id": outcome.task_id,
        "error": failure_json(outcome.failure),
        "note": outcome.note,
    }


def failure_json(failure: Failure | None) -> dict[str, Any] | None:
    """A failure as an `ErrorPart`."""
    if failure is None:
        return None
    return {
        "class": failure.kind,
        "phase": failure.phase,
        "attempts": failure.attempts,
        "status": failure.status,
        "message": failure.message,
        "hint": failure.hint,
    }
