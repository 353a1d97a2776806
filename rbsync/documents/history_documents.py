"""The document of `rbsync log`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pydantic import Field

from rbsync.documents.label_changes import LabelChangesPart, label_changes_json
from rbsync.documents.parts import Document, FingerprintPart
from rbsync.label_changes.change_kinds import LabelChanges
from rbsync.model.fingerprint import Facet
from rbsync.model.history import Change, ChangeVerb, Run
from rbsync.shapes.models import Part


class RunPart(Part):
    """One run that changed the project."""

    id: str
    command: str = Field(examples=["apply"])
    started: float = Field(description="In seconds since 1970.")
    ended: float | None = Field(description="Null for one that was cut off, or is running.")
    user: str
    host: str
    revision: str = Field(description="The commit of git, empty outside of it.")
    dataset: str = Field(description="The locked version, else the digest of what was declared.")
    undoes: list[str] = Field(description="The runs that it took back.")
    created: int
    moved: int = Field(description="Those that kept their tasks under another name.")
    updated: int
    deleted: int
    failed: int
    exit_code: int | None


class ChangePart(Part):
    """One change of a datapoint."""

    run: str
    name: str
    verb: ChangeVerb
    facets: list[Facet]
    was: FingerprintPart | None = Field(description="What it had before; null for nothing.")
    now: FingerprintPart | None = Field(description="What it was given; null when it was deleted.")
    before: str = Field(description="The content that the history kept of it, or empty.")
    time: float = Field(description="In seconds since 1970.")
    renamed: str = Field(description="The new name of a move, else empty.")
    label_changes: LabelChangesPart | None = Field(
        None, description="What it did to the labels, where both sides are known."
    )


class LogDocument(Document):
    """The runs, or with a name its changes and the runs that made them; newest first."""

    name: str | None
    runs: list[RunPart]
    changes: list[ChangePart]


def run_json(run: Run) -> dict[str, Any]:
    """A run as a `RunPart`."""
    return {**asdict(run), "undoes": list(run.undoes)}


def change_json(change: Change, labels: LabelChanges | None = None) -> dict[str, Any]:
    """A change as a `ChangePart`, with what it did to labels."""
    return {
        "run": change.run,
        "name": change.name,
        "verb": change.verb,
        "facets": list(change.facets),
        "was": change.was._asdict() if change.was else None,
        "now": change.now._asdict() if change.now else None,
        "before": change.before,
        "time": change.time,
        "renamed": change.renamed,
        **({"label_changes": label_changes_json(labels)} if labels else {}),
    }
