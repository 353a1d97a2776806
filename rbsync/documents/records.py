"""The documents of `rbsync state`: records, and what was done to them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rbsync.documents.parts import Document, Part
from rbsync.model.fingerprint import Facet
from rbsync.model.outcome import FailureKind
from rbsync.model.record import DeclinedFor

Prints = tuple[str, str, str]
"""A fingerprint as records have it: the digests of items, labels and settings."""


DeclinedEntry = tuple[DeclinedFor, Prints | None, list[Facet]]


class RecordFailurePart(Part):
    """The failure of the last action for a datapoint."""

    kind: FailureKind
    phase: str = Field(description="Where it failed.", examples=["upload"])
    message: str
    attempts: int = Field(1, ge=1)
    status: int | None = Field(None, description="The HTTP status, when there was one.")
    hint: str = Field("", description="The next step, or empty.")


class IntentPart(Part):
    """An intent: it was about to be sent when nothing more was heard of it."""

    name: str
    operation: Literal["create", "update", "delete"]
    fingerprint: Prints | None = Field(description="What it will have; null for a delete.")
    sent_at: float = Field(0.0, description="In seconds since 1970.")
    declined: list[DeclinedEntry] = Field(
        default=[], description="What the record is to say once it is done."
    )


class RecordPart(Part):
    """All that is known of one name."""

    name: str
    applied: Prints | None = Field(
        description="What the project has: the digests of items, labels and settings."
    )
    task_id: str
    failure: RecordFailurePart | None
    attempted: Prints | None = Field(description="What was being applied when it failed.")
    pending: IntentPart | None = Field(description="What was sent, with a result not known yet.")
    declined: list[DeclinedEntry] = Field(
        default=[],
        description="What is declared and not wanted: why, its fingerprint, and the facets.",
    )


class StateDocument(Document):
    """A whole state, as `rbsync state pull` prints and `rbsync state push` takes it."""

    lineage: str = Field(description="The state's identity, which never changes.")
    serial: int = Field(ge=0, description="Grows with every change.")
    target: str = Field(description="The project's identity; empty until the first apply.")
    records: list[RecordPart] = Field(description="Sorted by name.")


class StateListDocument(Document):
    """The records of a state, or those that match a pattern."""

    records: list[RecordPart]


class StateShowDocument(Document, RecordPart):
    """The record of one name."""


class StateRmDocument(Document):
    """The records that were removed."""

    removed: list[str] = Field(description="The names, sorted.")


class StateMvDocument(Document):
    """The record that has another name now."""

    old: str
    new: str


class StatePushDocument(Document):
    """The state after a document was made the whole of it."""

    records: int = Field(ge=0, description="How many there are now.")


class StateRecoverDocument(Document):
    """The results of an earlier run that were taken in."""

    recovered: int = Field(ge=0, description="How many there were.")


class StateBackupDocument(Document):
    """The copy of the state."""

    path: str


class StateUnlockDocument(Document):
    """The holder whom the lock was taken from."""

    taken_from: str | None = Field(description="Null where nobody held it.")
