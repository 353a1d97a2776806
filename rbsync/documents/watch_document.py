"""The JSON that `watch` prints: events while it runs, and a document at its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from rbsync.documents.parts import Document
from rbsync.documents.report_document import OutcomePart
from rbsync.shapes.models import Part


class WatchCountsPart(Part):
    """The counts since the start."""

    looks: int
    created: int
    updated: int
    deleted: int
    failed: int = Field(description="Failed, and will be tried again.")
    blocked: int = Field(description="Wait for something to be mended.")


class WaitingPart(Part):
    """A file, or a datapoint of several, that is not finished."""

    path: str
    why: Literal["quiet", "writer", "group", "name"]
    message: str
    seconds: float = Field(ge=0, description="For how long it has been waiting.")


class WatchDocument(Document):
    """The standing when a watch ended, or what a flush found."""

    summary: WatchCountsPart | None = Field(description="Null for a flush.")
    waiting: list[WaitingPart] = Field(description="Empty for a flush.")
    left: list[str] = Field(description="What is not applied, each with its reason.")
    exit_code: int


class MessagePart(Part):
    """Something to be known; it is said once."""

    code: str
    message: str
    hint: str = Field(description="The next step, or empty.")


class BlockedPart(Part):
    """A datapoint that waits for something to be mended."""

    name: str
    reason: str
    message: str


class PlannedPart(Part):
    """An action that a look found, and that is not done with ``--plan-only``."""

    action: str
    name: str


class LookPart(Part):
    """A look has ended."""

    number: int = Field(ge=1)
    seconds: float
    summary: WatchCountsPart
    waiting: int


EVENTS: Mapping[str, type[Part]] = {
    "blocked": BlockedPart,
    "look": LookPart,
    "message": MessagePart,
    "outcome": OutcomePart,
    "planned": PlannedPart,
    "waiting": WaitingPart,
}
"""What `watch --json-lines` tells while it runs, by the name of the event."""


def event_schemas() -> dict[str, dict[str, Any]]:
    """The schemas of the events."""
    return {name: model.model_json_schema(by_alias=True) for name, model in EVENTS.items()}
