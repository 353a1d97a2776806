"""The labels that both sides of a conflict began with, where git still has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import assert_never

from rbsync.errors import RbsyncError
from rbsync.label_changes.label_content import LabelContent, content_of
from rbsync.labels.normal import normal_labels
from rbsync.mask_formats.reading import read_class_index
from rbsync.mask_formats.recipe import read_recipe
from rbsync.masks.identity import identity, identity_of_volume
from rbsync.masks.png.decoding import Named
from rbsync.masks.volumes.segmentation_recipe import identity_of_series
from rbsync.model.datapoint import Labels
from rbsync.model.fingerprint import NO_LABELS, Algorithm, algorithm_of, of_value
from rbsync.sync.git import GitError, git
from rbsync.sync.label_news import Rewrite
from rbsync.sync.label_sides import NOTHING, object_list, study_volumes
from rbsync.sync.workspace import Workspace

_COMMITS = 20
"""Commits of a label file that are looked at: what is older was left long before the last apply."""


def common_labels(workspace: Workspace, action: Rewrite) -> LabelContent | None:
    """The labels that were last left at the project; None where nobody has them any more.

    They are those of the newest commit that says what the record says: a state keeps only their
    fingerprint.
    """
    left = _left(workspace, action.name)
    if left in NO_LABELS:
        return NOTHING
    labels = action.datapoint.labels
    if not left or labels is None or not labels.inputs:
        return None
    for files in _versions(workspace.manifest.root, [one.ref for one in labels.inputs]):
        # Where a commit cannot be read any more, an older one may be the one.
        with suppress(RbsyncError, ValueError, KeyError, TypeError, RecursionError):
            fingerprint, found = _read(labels, files, algorithm_of(left))
            if fingerprint == left:
                return found
    return None


def _left(workspace: Workspace, name: str) -> str | None:
    record = workspace.store.record(name)
    return record.applied.labels if record and record.applied else None


def _versions(root: str, paths: Sequence[str]) -> Iterator[list[Named]]:
    """The files as the commits have them that changed one of them, the newest first."""
    with suppress(GitError):
        # A name that begins with a colon would be a pattern.
        asked = ("--literal-pathspecs", "log", f"-{_COMMITS}", "--format=%H", "--")
        for commit in git(root, *asked, *paths).decode().split():
            # One that came later than the others is in no earlier commit.
            with suppress(GitError):
                yield [Named(_file(root, commit, path), path) for path in paths]


def _file(root: str, commit: str, path: str) -> bytes:
    # With filters: of a file of LFS git itself has a pointer alone.
    return git(root, "cat-file", "--filters", f"{commit}:./{path}")


def _read(labels: Labels, files: Sequence[Named], algorithm: Algorithm) -> tuple[str, LabelContent]:
    """The fingerprint of labels of files, and their content."""
    match labels.kind:
        case "objects":
            found = object_list(files[0].data)
            return of_value(normal_labels(found), algorithm), content_of(found)
        case "mask":
            index = read_class_index(read_recipe(labels.inline), files)
            return identity(index, algorithm), LabelContent(picture=index)
        case "segmentation":
            volumes = study_volumes(labels, files)
            of = {series: identity_of_volume(one, algorithm) for series, one in volumes.items()}
            return identity_of_series(of, algorithm), LabelContent(volumes=volumes)
        case "kept":
            raise ValueError("the history has its labels, and no file")
        case never:
            assert_never(never)
