"""The documents of `rbsync state`: records, and what was done to them."""

from __future__ import annotations

from pydantic import Field

from rbsync.documents.parts import Document
from rbsync.stores.record_parts import RecordPart


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
    """The records that have other names now."""

    old: str = Field(description="A name, or a pattern of names.")
    new: str = Field(description="The new name, or its template.")
    records: int = Field(1, ge=0, description="How many records have another name.")


class StatePushDocument(Document):
    """The state after a document was made the whole of it."""

    records: int = Field(ge=0, description="How many there are now.")


class StateRecoverDocument(Document):
    """The results of an earlier run that were taken in."""

    recovered: int = Field(ge=0, description="How many there were.")


class StateBackupDocument(Document):
    """The copy of the state."""

    path: str


class StateMigrateDocument(Document):
    """The state in the store that it was moved to."""

    url: str = Field(description="Of the store, as it was given.")
    records: int = Field(ge=0, description="How many were moved.")
    uploads: int = Field(ge=0, description="How many contents are known to be there already.")
    put_away: str = Field(description="Where the old state is kept: a file, or a schema's URL.")


class StateUnlockDocument(Document):
    """The holder whom the lock was taken from."""

    taken_from: str | None = Field(description="Null where nobody held it.")


class StateCollectDocument(Document):
    """The stored files that nothing needed, and that are gone."""

    files: int = Field(ge=0, description="How many were removed.")
    bytes: int = Field(ge=0, description="How many bytes they had.")
