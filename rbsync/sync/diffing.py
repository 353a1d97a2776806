"""Two versions of a dataset compared, down to what changed in labels."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import islice
from typing import NamedTuple

from rbsync.backends.base import TaskContent
from rbsync.label_changes.change_kinds import LabelChanges
from rbsync.locks.differences import Difference, compare
from rbsync.locks.layout import digest_of, files_of
from rbsync.locks.lock_content import Lock, lock_of
from rbsync.sync.declared_dataset import expand
from rbsync.sync.known_locks import known_locks
from rbsync.sync.locking import dataset_at_hand, locked_version
from rbsync.sync.locks_apart import RevisionPart, parts_apart
from rbsync.sync.project_version import ProjectVersion, project_version, tasks_of
from rbsync.sync.revision_dataset import NONE, Declared, Revision, declared_at
from rbsync.sync.revisions import is_folder, version_of
from rbsync.sync.workspace import Workspace
from rbsync.trust import Trust

PROJECT = "project"
"""What people call the version that the project has."""
LOCK = "lock"
"""What people call the version that is locked beside the manifest."""
RELEASE = "release:"
"""What the names of releases stand behind."""


class Version(NamedTuple):
    """A lock, and who gives the datapoints of some names that it is of.

    ``digest`` is the version as people call it.
    """

    lock: Lock
    declared: Callable[[Collection[str]], AbstractContextManager[Declared]]
    digest: str


class Compared(NamedTuple):
    """A difference, and what changed in the labels of some of the names in it."""

    difference: Difference
    labels: Mapping[str, LabelChanges]


def named(manifest: str, name: str, trust: Trust) -> Version:
    """The version that a name means, for the manifest at a path. Raises UserError."""
    root = os.path.dirname(os.path.abspath(manifest))
    lock = version_of(root, name)
    if is_folder(name):
        return Version(lock, lambda _: nullcontext(NONE), _digest(lock))
    revision = Revision(name, lock.notes, lambda _: lock.sums, manifest, trust)
    return Version(lock, lambda names: declared_at(revision, names), _digest(lock))


def named_both(manifest: str, before: str, after: str, trust: Trust) -> tuple[Version, Version]:
    """As `named`, of two names; of two revisions only what differs is read. Raises UserError."""
    names = before, after
    if not any(map(is_folder, names)):
        root = os.path.dirname(os.path.abspath(manifest))
        # A stranger's manifest neither finds nor leaves anything.
        with known_locks(root, is_kept=not trust.untrusted) as known:
            parts = parts_apart(root, before, after, known)
        if parts:
            first, second = (
                _part_of(Revision(name, part.lock.notes, part.locked, manifest, trust), part)
                for name, part in zip(names, parts, strict=True)
            )
            return first, second
    return named(manifest, before, trust), named(manifest, after, trust)


def _part_of(revision: Revision, part: RevisionPart) -> Version:
    return Version(part.lock, lambda names: declared_at(revision, names), part.digest)


def _digest(lock: Lock) -> str:
    return digest_of(files_of(lock))


def at_hand(workspace: Workspace) -> Version:
    """The version of the files at hand; ``workspace`` must hash with SHA-256.

    Raises what `dataset_at_hand` raises.
    """
    dataset = dataset_at_hand(workspace)
    datapoints = {one.name: one for one in dataset.datapoints}
    found = Declared(datapoints, workspace.roots)
    lock = lock_of(dataset)
    return Version(lock, lambda _: nullcontext(found), _digest(lock))


def locked_at_hand(workspace: Workspace, files: Version) -> Version:
    """The lock that stands beside the manifest; its labels are looked at in the files at hand.

    Raises UserError where there is none.
    """
    lock = locked_version(workspace.manifest)

    @contextmanager
    def declared(names: Collection[str]) -> Iterator[Declared]:
        # What has changed since is not what was locked.
        same = [one for one in names if lock.notes.get(one) == files.lock.notes.get(one)]
        with files.declared(same) as found:
            yield found

    return Version(lock, declared, _digest(lock))


def at_project(workspace: Workspace, against: Version, files: Version) -> Version:
    """The project as a version, to be compared with another one; ``files`` are those at hand.

    Raises what `project_version` raises.
    """
    found = project_at(workspace, workspace.backend.read(), against, files)
    return Version(found.lock, lambda names: tasks_of(workspace, found, names), PROJECT)


def project_at(
    workspace: Workspace, tasks: Iterable[TaskContent], against: Version, files: Version
) -> ProjectVersion:
    """These tasks compared with a version; ``files`` are those at hand."""

    def is_at_hand(name: str) -> bool:
        notes = files.lock.notes.get(name), against.lock.notes.get(name)
        same = (version.lock.facet(name, "items") for version in (files, against))
        return None not in notes and len(set(same)) == 1

    return project_version(workspace, tasks, against.lock, is_at_hand)


def project_against_lock(
    workspace: Workspace, by_sums: Workspace, covers: Callable[[str], bool]
) -> Difference:
    """Says in what the project differs from the lock, for the names that are covered.

    ``by_sums`` is the workspace that knows the files by their SHA-256. Raises what
    `project_version` raises, and UserError where there is no lock.
    """
    lock = locked_version(workspace.manifest)
    dataset = lock_of(expand(by_sums, keep_going=True))
    files = Version(dataset, lambda _: nullcontext(NONE), "")
    against = Version(lock, lambda _: nullcontext(NONE), "")
    return compare(lock, at_project(workspace, against, files).lock, covers)


def compare_versions(old: Version, new: Version, most: int | None = None) -> Compared:
    """Says in what a version differs from an earlier one.

    Labels are opened of the first ``most`` datapoints whose labels differ, None for all.
    """
    found = compare(old.lock, new.lock)
    both = (one.name for one in found.changed if "labels" in one.facets)
    names = frozenset(islice(both, most))
    return Compared(found, dict(_labels(old, new, names)) if names else {})


def _labels(
    old: Version, new: Version, names: Collection[str]
) -> Iterator[tuple[str, LabelChanges]]:
    # Here, for it loads NumPy and Pillow, which a comparison without labels can do without.
    from rbsync.sync.label_sides import changes_between

    with old.declared(names) as before, new.declared(names) as after:
        for name in sorted(names):
            if (changes := changes_between(before, after, name)) is not None:
                yield name, changes
