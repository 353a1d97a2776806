"""Two versions of a dataset compared, down to what changed in labels."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from typing import NamedTuple

from rbsync.label_changes.changes import LabelChanges
from rbsync.locks.differences import Difference, compare
from rbsync.locks.layout import digest_of, files_of
from rbsync.locks.lock_content import Lock, lock_of
from rbsync.sync.locking import dataset_at_hand
from rbsync.sync.revision_dataset import NONE, Declared, Revision, declared_at
from rbsync.sync.revisions import is_folder, version_of
from rbsync.sync.workspace import Workspace
from rbsync.trust import Trust


class Version(NamedTuple):
    """A lock, and who gives the datapoints of some names that it is of."""

    lock: Lock
    declared: Callable[[Collection[str]], AbstractContextManager[Declared]]

    @property
    def digest(self) -> str:
        """The version as people call it."""
        return digest_of(files_of(self.lock))


class Compared(NamedTuple):
    """A difference, and what changed in the labels of some of the names in it."""

    difference: Difference
    labels: Mapping[str, LabelChanges]


def named(manifest: str, name: str, trust: Trust) -> Version:
    """The version that a name means, for the manifest at a path. Raises UserError."""
    root = os.path.dirname(os.path.abspath(manifest))
    lock = version_of(root, name)
    if is_folder(name):
        return Version(lock, lambda _: nullcontext(NONE))
    revision = Revision(name, lock, manifest, trust)
    return Version(lock, lambda names: declared_at(revision, names))


def at_hand(workspace: Workspace) -> Version:
    """The version of the files at hand; ``workspace`` must hash with SHA-256.

    Raises what `dataset_at_hand` raises.
    """
    dataset = dataset_at_hand(workspace)
    datapoints = {one.name: one for one in dataset.datapoints}
    found = Declared(datapoints, workspace.roots)
    return Version(lock_of(dataset), lambda _: nullcontext(found))


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
    from rbsync.sync.label_sides import declared_changes

    with old.declared(names) as before, new.declared(names) as after:
        for name in sorted(names):
            # Where only one side can be read, all would be told as new or gone.
            if name not in before.datapoints or name not in after.datapoints:
                continue
            sides = (before.datapoints[name], before.roots), (after.datapoints[name], after.roots)
            if (changes := declared_changes(*sides)) is not None:
                yield name, changes
