"""The documents of versions: lock, verify, diff, release."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import Field

from rbsync.documents.label_changes import LabelChangesPart, label_changes_json
from rbsync.documents.parts import Document, ProblemPart
from rbsync.label_changes.change_kinds import LabelChanges
from rbsync.locks.differences import Difference
from rbsync.model.fingerprint import Facet
from rbsync.shapes.models import Part

_DIGEST = "The version of the dataset: `rbsync:1:sha256:` and 64 hex digits."


class MovedPart(Part):
    """A datapoint with the same content under another name or path."""

    name: str
    before: str = Field(description="Its name before; the same where only its file moved.")


class ChangedPart(Part):
    """A datapoint with other content in some facets."""

    name: str
    facets: list[Facet]
    labels: LabelChangesPart | None = Field(
        None, description="What changed in its labels, where both sides can be read."
    )


class DifferencePart(Part):
    """All in which a version differs from an earlier one."""

    added: list[str] = Field(description="Names of datapoints.")
    removed: list[str] = Field(description="Names of datapoints.")
    moved: list[MovedPart]
    changed: list[ChangedPart]
    reencoded: list[str] = Field(description="Files of labels: other bytes, the same meaning.")
    missing: list[str] = Field(description="Paths of files that are gone.")
    extra: list[str] = Field(description="Paths of files that are new.")
    bytes: list[str] = Field(description="Paths of files with other bytes.")


class LockDocument(Document):
    """A lock that was written, or was checked with `--check`."""

    digest: str = Field(description=_DIGEST)
    datapoints: int
    files: int = Field(description="How many files it has sums of.")
    written: int = Field(description="How many lock files changed; 0 with `--check`.")
    difference: DifferencePart | None = Field(
        description="With `--check`: from the lock to the files."
    )


class VerifyDocument(Document):
    """The files at hand, compared with the lock."""

    digest: str = Field(description=_DIGEST)
    datapoints: int
    files: int = Field(description="How many files the lock has sums of.")
    difference: DifferencePart
    problems: list[ProblemPart] = Field(description="Why datapoints could not be read.")
    project: DifferencePart | None = Field(
        None, description="With `--project`: in what the project differs from the lock."
    )


class MergeDriverDocument(Document):
    """A lock file that was merged."""

    path: str
    conflicts: list[str] = Field(description="The paths that both sides changed.")


class DiffDocument(Document):
    """Two versions, the second compared with the first."""

    before: str = Field(description=_DIGEST)
    after: str = Field(description=f"{_DIGEST} `project` for what the project has.")
    difference: DifferencePart


class ReleasePart(Part):
    """A release of the project."""

    name: str
    release_id: str
    created_at: str
    ready: bool = Field(description="Whether the service has all of it by now.")
    datapoints: int | None = Field(description="Null where the service has not counted them.")
    digest: str = Field(description=f"{_DIGEST} Empty where nothing here says of which it is.")


class ReleaseDocument(Document):
    """The release that was made, or all of the project."""

    releases: list[ReleasePart]


def difference_json(
    found: Difference, labels: Mapping[str, LabelChanges] = MappingProxyType({})
) -> dict[str, Any]:
    """A difference as JSON, with what changed in labels, by the names of datapoints."""
    return {
        "added": list(found.added),
        "removed": list(found.removed),
        "moved": [one._asdict() for one in found.moved],
        "changed": [
            {
                "name": one.name,
                "facets": list(one.facets),
                **_labels(labels.get(one.name)),
            }
            for one in found.changed
        ],
        "reencoded": list(found.reencoded),
        "missing": list(found.missing),
        "extra": list(found.extra),
        "bytes": list(found.bytes),
    }


def _labels(changes: LabelChanges | None) -> dict[str, Any]:
    return {"labels": label_changes_json(changes)} if changes else {}
