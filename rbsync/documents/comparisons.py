"""The documents of the commands that compare state and project: refresh, drift, adopt."""

from __future__ import annotations

from pydantic import Field

from rbsync.documents.parts import Document
from rbsync.model.fingerprint import Facet
from rbsync.shapes.models import Part


class RefreshDocument(Document):
    """The changes that a refresh made in the state; the datapoints by their names."""

    added: list[str] = Field(description="Have a record now.")
    corrected: list[str] = Field(description="Have another record than before.")
    removed: list[str] = Field(description="Have no record any more, for their task is gone.")
    unchanged: int = Field(ge=0)
    unmanaged: list[str] = Field(description="Tasks of the project that have no record.")


class EditedPart(Part):
    """A datapoint that others changed at the project."""

    name: str
    facets: list[Facet] = Field(description="The facets that are not as they were left.")


class DriftDocument(Document):
    """The changes at the project since the last apply."""

    missing: list[str] = Field(description="Names of records whose task is gone.")
    edited: list[EditedPart]
    unmanaged: list[str] = Field(description="Names of tasks that have no record.")
    unchanged: int = Field(ge=0)
    unstamped: list[str] = Field(description="Of the unchanged, those whose stamp is gone.")


class RefusedPart(Part):
    """A datapoint that was not taken over, and why."""

    name: str
    why: str


class AdoptDocument(Document):
    """The datapoints of the project that were taken over, by their names."""

    recorded: list[str] = Field(description="Have the declared content.")
    forced: list[str] = Field(description="Have other content; the next apply overwrites it.")
    refused: list[RefusedPart]


class HeldPart(Part):
    """A datapoint whose labels were not written into a file, and why."""

    name: str
    why: str


class PullDocument(Document):
    """The files that labels of the project were written into."""

    files: list[str] = Field(description="Paths of the files that were written.")
    pulled: list[str] = Field(description="Names of the datapoints whose files say all now.")
    conflicts: list[HeldPart] = Field(description="Changed here too, and left alone.")
    theirs: list[HeldPart] = Field(description="Stay at the project, for no file can say them.")
    unchanged: int = Field(ge=0)
