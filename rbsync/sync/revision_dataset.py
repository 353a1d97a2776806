"""Some datapoints as a git revision declares them, with the files that their labels come from."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from types import MappingProxyType
from typing import NamedTuple

from rbsync.backends.base import TaskContent
from rbsync.dataset.build import build
from rbsync.dataset.build_inputs import BuildInputs
from rbsync.dataset.declared_taxonomy import declared_taxonomy
from rbsync.errors import RbsyncError
from rbsync.files.cache import Cache
from rbsync.files.roots import Roots
from rbsync.files.tree import Tree
from rbsync.locks.folder import FOLDER
from rbsync.locks.layout import home_of
from rbsync.locks.lock_content import Note
from rbsync.manifest.load import load_manifest
from rbsync.manifest.manifest import Manifest
from rbsync.model.datapoint import Datapoint
from rbsync.sync.checkout import partly_checked_out
from rbsync.sync.workspace import Unwatched
from rbsync.trust import Trust


class Declared(NamedTuple):
    """Datapoints by name, and where the files are that they speak of; or tasks of the project."""

    datapoints: Mapping[str, Datapoint]
    roots: Roots | None = None
    tasks: Mapping[str, TaskContent] = MappingProxyType({})


NONE = Declared({})


class Revision(NamedTuple):
    """A git revision with what its lock says of some datapoints, and the manifest's path now.

    ``locked`` gives all paths that are locked in the folders whose lock files, without suffix, have
    these names; it may give others too.
    """

    name: str
    notes: Mapping[str, Note]
    locked: Callable[[Set[str]], Iterable[str]]
    manifest: str
    trust: Trust


@contextmanager
def declared_at(revision: Revision, names: Collection[str]) -> Iterator[Declared]:
    """The datapoints of these names at a revision, those of them that can be read.

    Only their files are taken out of git, and what the lock has no sums of, such as the manifest
    and its lists.
    """
    root, file = os.path.split(os.path.abspath(revision.manifest))
    wanted = frozenset(_paths(revision, names))

    def taken(paths: Sequence[str]) -> Set[str]:
        others = {one for one in paths if not one.startswith(f"{FOLDER}/")}
        return others.difference(revision.locked({*map(home_of, others)}))

    checked = partly_checked_out(root, revision.name, wanted, taken)
    with ExitStack() as stack:
        found = NONE
        with suppress(RbsyncError):
            folder = stack.enter_context(checked)
            found = stack.enter_context(_built(os.path.join(folder, file), revision.trust))
        yield found


def _paths(revision: Revision, names: Collection[str]) -> Iterator[str]:
    """The files of datapoints; of several items all that lie beside the first."""
    folders = set()
    for name in names:
        note = revision.notes[name]
        yield from note.label_files
        if note.path:
            yield note.path
        if note.items and note.path:
            folders.add(os.path.dirname(note.path))
    if folders:
        locked = revision.locked({home_of(f"{one}/" if one else "") for one in folders})
        yield from (one for one in locked if os.path.dirname(one) in folders)


@contextmanager
def _built(path: str, trust: Trust) -> Iterator[Declared]:
    # Not strictly: an old manifest may have keys that this version does not know.
    manifest = load_manifest(path, trust=trust, strict=False)
    roots = Roots(manifest.root, manifest.settings.roots)
    # It goes with the files: sums of what is thrown away are of no use later.
    cache = Cache(os.path.join(os.path.dirname(manifest.root), "cache.db"), "sha256")
    try:
        with ThreadPoolExecutor(1, "rbsync-read") as executor:
            tree = Tree(roots, cache, "sha256")
            inputs = BuildInputs(tree, cache, lambda: executor, Unwatched())
            yield Declared(_datapoints(manifest, inputs), roots)
    finally:
        cache.close()


def _datapoints(manifest: Manifest, inputs: BuildInputs) -> Mapping[str, Datapoint]:
    with suppress(RbsyncError):
        dataset = build(
            manifest,
            inputs,
            project_type=manifest.settings.project.type,
            taxonomy=declared_taxonomy(manifest, inputs.tree),
            keep_going=True,
        )
        return {one.name: one for one in dataset.datapoints}
    return {}
