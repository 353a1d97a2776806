"""The shapes of records as JSON, which are read from states and recovery files."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, Strict

from rbsync.model.fingerprint import Facet, Fingerprint
from rbsync.model.outcome import Failure
from rbsync.model.record import Declined, Intent, Record
from rbsync.reasons import DeclinedFor, FailureKind, Operation, Phase
from rbsync.shapes.models import Part

Prints = Annotated[tuple[str, str, str], Strict(False)]
"""A fingerprint as records have it: the digests of items, labels and settings."""


class _Exact(Part):
    """A number is no text and a text no number: what is read here is written to the state."""

    model_config = ConfigDict(strict=True)


class RecordFailurePart(_Exact):
    """The reason that the last action for a datapoint failed."""

    kind: FailureKind
    phase: Phase = Field(description="Where it failed.", examples=["upload"])
    message: str
    attempts: int = Field(1, ge=1)
    status: int | None = Field(None, description="The HTTP status, when there was one.")
    hint: str = Field("", description="The next step, or empty.")

    def value(self) -> Failure:
        return Failure(**self.model_dump())


DeclinedPart = Annotated[
    tuple[DeclinedFor, Prints | None, Annotated[tuple[Facet, ...], Strict(False)]], Strict(False)
]
"""Why something declared is not done, the declared fingerprint, and the facets in question."""
Declines = Annotated[tuple[DeclinedPart, ...], Strict(False)]


class IntentPart(_Exact):
    """An action that was about to be sent when nothing more was heard of it."""

    name: str
    operation: Operation
    fingerprint: Prints | None = Field(description="What it will have; null for a delete.")
    sent_at: float = Field(0.0, description="In seconds since 1970.")
    declined: Declines = Field((), description="What its record is to say once it is done.")
    old_name: str = Field("", description="The name that a move takes it from.")

    def value(self) -> Intent:
        return Intent(
            self.name,
            self.operation,
            _print(self.fingerprint),
            self.sent_at,
            _declines(self.declined),
            self.old_name,
        )


class RecordPart(_Exact):
    """All that is known of one name."""

    name: str
    applied: Prints | None = Field(
        description="What the project has: the digests of items, labels and settings."
    )
    task_id: str
    failure: RecordFailurePart | None
    attempted: Prints | None = Field(description="What was being applied when it failed.")
    pending: IntentPart | None = Field(description="What was sent, with a result not known yet.")
    declined: Declines = Field((), description="What is declared and shall not be done.")
    old_name: str = Field(
        "", description="The task of this name is still to be put away: a move was cut off."
    )

    def value(self) -> Record:
        return Record(
            self.name,
            _print(self.applied),
            self.task_id,
            self.failure.value() if self.failure else None,
            _print(self.attempted),
            self.pending.value() if self.pending else None,
            _declines(self.declined),
            self.old_name,
        )


def _print(value: tuple[str, str, str] | None) -> Fingerprint | None:
    return Fingerprint(*value) if value else None


def _declines(
    value: tuple[tuple[DeclinedFor, tuple[str, str, str] | None, tuple[Facet, ...]], ...],
) -> tuple[Declined, ...]:
    return tuple(Declined(why, _print(wanted), facets) for why, wanted, facets in value)
