"""The documents of the commands that tell what there is: status, ls, export, serve, schema …"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rbsync.checks import Verdict
from rbsync.documents.parts import Document, FingerprintPart
from rbsync.shapes.models import Part


class ProjectPart(Part):
    """A project."""

    identity: str
    name: str
    type: str = Field(description="Such as IMAGE_BBOX; empty where any labels may be.")


class StatePart(Part):
    """The project that a state belongs to, and the number of datapoints that it knows."""

    lineage: str = Field(description="The state's identity, which never changes.")
    serial: int = Field(ge=0, description="Grows with every change.")
    target: str = Field(description="The project's identity; empty until the first apply.")
    applied: int = Field(ge=0)
    failed: int = Field(ge=0)
    pending: int = Field(ge=0, description="Sent, with a result that is not known yet.")


class LockPart(Part):
    """Who writes to the state now."""

    user: str
    host: str
    pid: int
    since: float = Field(description="In seconds since 1970.")
    dead: bool = Field(False, description="It was killed, and the next run takes its lock.")


class LostFilePart(Part):
    """A stored file of a datapoint that is gone or damaged."""

    name: str
    ref: str
    reason: Literal["missing", "changed"]


class StatusDocument(Document):
    """The standing of manifest, state and project. A part that is not there yet is null."""

    manifest: str = Field(description="The path of the manifest.")
    sources: int = Field(ge=0)
    project: ProjectPart | None
    state: StatePart | None
    lock: LockPart | None = Field(description="Null while nobody holds the lock.")
    version: str = Field(
        "", description="That of the dataset, where the lock is known to be that of the files."
    )
    has_lock: bool = Field(False, description="There is an `rbsync.lock/`.")
    interrupted: bool = Field(False, description="A run ended before it knew all results.")
    lost: list[LostFilePart] = Field(
        default=[], description="Stored files of datapoints that are gone."
    )


class TaskPart(Part):
    """One task of a project."""

    name: str
    task_id: str
    items: list[str]
    labels: int | None = Field(ge=0, description="How many labels it has.")
    ground_truth: bool
    priority: float | None
    metadata: dict[str, str]
    fingerprint: FingerprintPart | None = Field(description="The stamp that rbsync left, if any.")
    version: str = Field(description="The locked version that it was sent with, if it was known.")
    revision: str = Field(description="The git revision that it was sent from, if it was clean.")
    bytes: int | None = Field(
        None, ge=0, description="With `-l`: the size of its items, null where it is not known."
    )
    changed_at: str = Field(
        "", description="With `-l`: when it was changed last, in ISO 8601; empty where unknown."
    )
    categories: list[str] = Field(default=[], description="With `-l`: those of its labels.")


class LsDocument(Document):
    """The content of a project."""

    tasks: list[TaskPart]


class ExportLabelsDocument(Document):
    """The files that `rbsync export labels` wrote."""

    path: str
    written: int = Field(ge=0, description="How many datapoints were written.")
    left_out: list[str] = Field(description="What has no file, and why.")


class LossPart(Part):
    """The labels of a datapoint that its mask cannot hold."""

    name: str
    merged: dict[str, int] = Field(description="How many labels of a category became one class.")
    left_out: dict[str, int] = Field(description="How many labels of each kind are in no file.")
    attributes: int = Field(ge=0, description="How many labels had attributes.")
    hidden: dict[str, dict[str, int]] = Field(
        description="How many pixels of a category are under each other one, and not in the mask."
    )
    unseen: list[str] = Field(description="The categories of which no pixel is in the mask.")


class ExportMasksDocument(ExportLabelsDocument):
    """The files that `rbsync export masks` wrote."""

    written: int = Field(ge=0, description="How many files were written.")
    lost: list[LossPart]


class ExportBagitDocument(ExportLabelsDocument):
    """The bag that `rbsync export bagit` wrote."""

    written: int = Field(ge=0, description="How many files of the locked version it has.")


class ExportCroissantDocument(ExportLabelsDocument):
    """The description that `rbsync export croissant` wrote."""

    written: int = Field(ge=0, description="How many datapoints it describes.")


class ServeDocument(Document):
    """The address and key of the service that was started, on one line as soon as it listens."""

    url: str
    org_id: str
    project_id: str
    api_key: str = Field("", description="The key, where it was made for this service.")


class BrowseDocument(Document):
    """The address of the page; what `rbsync browse` prints first of all."""

    url: str = Field(description="Whoever has it may look: there is a token in it.")


class ShowDocument(Document):
    """A datapoint to be looked at."""

    name: str
    items: list[str]
    width: int | None = Field(description="Of its picture; null where that cannot be drawn.")
    height: int | None
    pixels: dict[str, int] = Field(description="How many pixels are of each class of its mask.")
    objects: dict[str, int] = Field(description="How many boxes and outlines of each category.")
    voxels: dict[str, int] = Field(description="How many voxels are of each category of its scans.")


class CompletionDocument(Document):
    """The text that makes a shell complete."""

    shell: Literal["bash", "zsh", "fish"]
    script: str


class SchemasDocument(Document):
    """The schemas that `rbsync schema NAME` prints."""

    schemas: list[str] = Field(description="Their names, sorted.")


class CheckPart(Part):
    """One thing that was looked at."""

    name: str
    verdict: Verdict = Field(description="After one that failed, those that need it are left out.")
    found: str = Field(description="What was seen.")
    hint: str = Field(description="What to do about it.")


class DoctorDocument(Document):
    """All that `rbsync doctor` looked at, in order."""

    checks: list[CheckPart]
