"""Lock a dataset, and tell in what the files at hand differ from a locked version."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

from rbsync.collector import paused_collector
from rbsync.dataset.notes import Notes
from rbsync.errors import Problem, RbsyncError, UserError
from rbsync.files.name_patterns import TARGET_HINT, name_pattern
from rbsync.locks.differences import Difference, compare
from rbsync.locks.folder import (
    FOLDER,
    change_files,
    folder_made,
    no_lock_in,
    read_files,
    write_files,
)
from rbsync.locks.layout import LockFiles, digest_of, files_of, files_of_dataset
from rbsync.locks.lock_content import Lock, Note, lock_of
from rbsync.locks.parsing import read_lock
from rbsync.manifest.manifest import Manifest
from rbsync.model.datapoint import Dataset
from rbsync.sync.git import is_sparse
from rbsync.sync.known_version import remember_version
from rbsync.sync.lock_memory import lock_part, recall_lock, remember_lock, take_up
from rbsync.sync.sparse_locks import SPARSE_HINT, refuse_part
from rbsync.sync.workspace import Workspace
from rbsync.trust.places import check_own_folder

_MOST = 20
_ANEW_HINT = "if these are the files that you mean, write the lock anew: rbsync lock"
_HINT = "`rbsync lock` writes one from the files at hand"


@dataclass(frozen=True, slots=True)
class Locked:
    """A lock that was written: its digest, its sizes, and how many of its files changed."""

    digest: str
    datapoints: int
    files: int
    written: int


@dataclass(frozen=True, slots=True)
class Verified:
    """A lock beside the files at hand; ``unread`` says of datapoints why they are not known."""

    digest: str
    datapoints: int
    files: int
    difference: Difference
    unread: tuple[Problem, ...]


def lock_folder(manifest: Manifest) -> str:
    """The folder of a manifest's lock. Raises UserError for one that is a link."""
    check_own_folder(manifest.root, FOLDER)
    return os.path.join(manifest.root, FOLDER)


def lock_at_hand(workspace: Workspace) -> Lock:
    """The lock that the files at hand would have; ``workspace`` must hash with SHA-256.

    Raises what `dataset_at_hand` raises.
    """
    return lock_of(dataset_at_hand(workspace))


def dataset_at_hand(workspace: Workspace, notes: Notes | None = None) -> Dataset:
    """The dataset, once all of it is known; ``notes`` take what is to be remembered of it.

    Raises UserError with all problems of the dataset, and RbsyncError for what was not read.
    """
    dataset = _dataset(workspace, notes)
    # A lock without what was not read would say that those files are not part of the version.
    if dataset.unread:
        raise RbsyncError(f"the version is not known: {dataset.unread[0]}")
    return dataset


def write_lock(workspace: Workspace) -> Locked:
    """Writes the lock of the files at hand.

    Raises what `dataset_at_hand` raises, and UserError where a sparse checkout has a part of them.
    """
    folder = lock_folder(workspace.manifest)
    refuse_part(workspace.manifest.root, folder)
    # Before anything is looked at: the folder would otherwise be a change of the one above it, and
    # the version not be known until somebody looked again.
    with folder_made(folder):
        return _changed(workspace, folder) or _written(workspace, folder)


def _written(workspace: Workspace, folder: str) -> Locked:
    notes = Notes(is_wanted=True)
    dataset = dataset_at_hand(workspace, notes)
    with paused_collector():
        lock = files_of_dataset(dataset)
    written = write_files(folder, lock.texts)
    digest = digest_of(lock.texts)
    remember_version(workspace, digest)
    remember_lock(workspace, lock, notes)
    return Locked(digest, lock.datapoints, lock.sums, written)


def _changed(workspace: Workspace, folder: str) -> Locked | None:
    """The lock, of which only what has changed is written; None where the whole is to be read."""
    memory = recall_lock(workspace)
    if memory is None:
        return None
    # Also where nothing changed: `.gitattributes` may be gone, and the memory is of the sums.
    written = change_files(folder, {})
    if changed := memory.changed(workspace):
        part = lock_part(workspace, folder, memory, changed, partial(_dataset, workspace))
        if part is None:
            return None
        written = change_files(folder, part.new_files)
        memory = take_up(workspace, part, memory)
        remember_version(workspace, memory.digest, memory.remembered.seen)
    return Locked(memory.digest, memory.datapoints, memory.sums, written)


def _dataset(workspace: Workspace, notes: Notes | None, *, keep_going: bool = False) -> Dataset:
    # Where nothing changed no source is looked at, and loading them takes longer than all else.
    from rbsync.dataset.findings import DO_THE_OTHERS
    from rbsync.sync.declared_dataset import expand

    try:
        return expand(workspace, keep_going=keep_going, notes=notes)
    except UserError as error:
        # A lock has all or nothing, and `apply --keep-going` would bring nobody nearer to one.
        if error.hint == DO_THE_OTHERS:
            error.hint = ""
        raise


def locked_version(manifest: Manifest) -> Lock:
    """The lock that stands beside a manifest. Raises UserError where there is none."""
    files = _files_at_hand(manifest)
    if not files:
        raise no_lock_in(FOLDER)
    return read_lock(files, FOLDER)


def _files_at_hand(manifest: Manifest) -> dict[str, bytes]:
    folder = lock_folder(manifest)
    files = read_files(folder)
    if files is None:
        raise UserError(f"there is no lock: {folder} does not exist", hint=_HINT)
    return files


def _everything(_: str) -> bool:
    return True


def verify(workspace: Workspace, covers: Callable[[str], bool] = _everything) -> Verified:
    """Compares the files at hand with the lock, for the names and paths that are covered.

    These alone are counted; the digest is that of the whole lock. ``workspace`` must hash with
    SHA-256. Raises UserError where there is no lock, or a wrong one.
    """
    found = _verified_part(workspace, covers) or _verified(workspace, covers)
    if covers is _everything:
        return found
    lock = read_lock(_files_at_hand(workspace.manifest), FOLDER)
    datapoints, files = (sum(map(covers, names)) for names in (lock.notes, lock.sums))
    return replace(found, datapoints=datapoints, files=files)


def patterns_without_effect(
    workspace: Workspace, patterns: Sequence[str], difference: Difference
) -> tuple[Problem, ...]:
    """Returns a warning for each pattern that matches no name and no path, locked or at hand.

    A mistyped pattern has nothing to differ, and would pass for a proof of its files.
    """
    left = list(patterns)
    moved = (one.name for one in difference.moved)
    told = (*difference.added, *difference.extra, *moved)
    # A file of the lock after the other: most patterns match something in the first.
    locked = (read_lock({name: text}, FOLDER) for name, text in _files_read(workspace, left))
    for names in chain([told], ((*lock.notes, *lock.sums) for lock in locked)):
        left = [one for one in left if not any(map(name_pattern(one), names))]
        if not left:
            break
    return tuple(
        Problem("empty-target", f"no datapoint and no file matches `{one}`", hint=TARGET_HINT)
        for one in left
    )


def _files_read(workspace: Workspace, patterns: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yields the files of the lock, where anybody asks for some of them."""
    if patterns:
        yield from _files_at_hand(workspace.manifest).items()


def _verified(workspace: Workspace, covers: Callable[[str], bool]) -> Verified:
    at_disk = _files_at_hand(workspace.manifest)
    lock = read_lock(at_disk, FOLDER)
    notes = Notes(is_wanted=True)
    dataset = _dataset(workspace, notes, keep_going=True)
    # Where nothing is declared, that is what `rbsync lock` writes. Elsewhere the files are lost:
    # an ignore file of git that names `*.sums` takes them from all clones.
    if not at_disk and dataset.datapoints:
        raise no_lock_in(FOLDER)
    unread = (*(one.problem for one in dataset.obstacles), *dataset.unread)
    at_hand, files = lock_of(dataset), files_of(lock)
    found = _known_difference(workspace, lock, at_hand, dataset, covers)
    # A difference may lie in what is not covered.
    if lock == at_hand and not unread:
        remember_version(workspace, digest_of(files))
        # What a merge has left in another layout is not what the next lock would change.
        if files == at_disk:
            canonical = LockFiles(files, len(lock.notes), len(lock.sums))
            remember_lock(workspace, canonical, notes)
    return Verified(digest_of(files), len(lock.notes), len(lock.sums), found, unread)


def _known_difference(
    workspace: Workspace,
    lock: Lock,
    at_hand: Lock,
    dataset: Dataset,
    covers: Callable[[str], bool],
) -> Difference:
    """The difference without what only seems to be gone, since something in it cannot be read."""
    unknown = _unknown(lock, dataset)
    # The bytes of a file that is no picture any more are known all the same.
    hashed = {path: own for path in unknown if (own := _sum_of(workspace, path))}
    found = compare(lock, Lock({**at_hand.sums, **hashed}, at_hand.notes), covers)
    removed = tuple(one for one in found.removed if one not in unknown)
    missing = tuple(one for one in found.missing if one not in unknown)
    return replace(found, removed=removed, missing=missing)


def _sum_of(workspace: Workspace, path: str) -> str:
    tree = workspace.inputs.tree
    try:
        place = tree.place(path)
        file = tree.files(place.folder)[place.name]
    except OSError:
        return ""
    return file.content.removeprefix("sha256:") if file else ""


def _unknown(lock: Lock, dataset: Dataset) -> Set[str]:
    """The names and paths of the lock of which nothing is known, for they could not be read."""
    if dataset.unread:
        # A folder that may not be entered has nothing in it, as far as can be seen.
        at_hand = {one.name for one in dataset.datapoints}
        names = lock.notes.keys() - at_hand
    else:
        names = lock.notes.keys() & {one.name for one in dataset.obstacles}
    if not names:
        return set()
    claimed = {path for name in lock.notes.keys() - names for path in _paths(lock.notes[name])}
    own = {path for name in names for path in _paths(lock.notes[name])}
    # Of a datapoint of several files a note has the first; the others mostly lie beside it.
    beside = {lock.notes[name].path.rpartition("/")[0] for name in names if lock.notes[name].items}
    own |= {one for one in lock.sums if one.rpartition("/")[0] in beside and one not in claimed}
    return names | own


def _paths(note: Note) -> tuple[str, ...]:
    return (note.path, *note.label_files)


def _verified_part(workspace: Workspace, covers: Callable[[str], bool]) -> Verified | None:
    """The comparison of what has changed since the last lock; None where all is to be read."""
    folder = lock_folder(workspace.manifest)
    memory, found = recall_lock(workspace), Difference()
    if memory is None:
        return None
    if changed := memory.changed(workspace):
        part = lock_part(workspace, folder, memory, changed, partial(_dataset, workspace))
        if part is None:
            return None
        found = compare(part.old, part.new, covers)
        # What differs is not locked, and the memory speaks of the lock.
        if part.old == part.new:
            take_up(workspace, part, memory)
            remember_version(workspace, memory.digest, part.memory.remembered.seen)
    return Verified(memory.digest, memory.datapoints, memory.sums, found, ())


def hint_of_part(workspace: Workspace, difference: Difference) -> str:
    """The next step where locked files are away in a sparse checkout; empty elsewhere."""
    is_part = bool(difference.missing) and is_sparse(workspace.manifest.root)
    return SPARSE_HINT if is_part else ""


def check_locked(workspace: Workspace) -> str:
    """The digest of the lock. Raises UserError, with the differences, where the files differ."""
    found = verify(workspace)
    problems = [*found.unread, *map(_objection, _told(found.difference))]
    if problems:
        more = len(problems) - _MOST
        if more > 0:
            problems[_MOST:] = [_objection(f"… and {more:,} more; `rbsync verify -v` lists them")]
        raise UserError(problems, hint=hint_of_part(workspace, found.difference) or _ANEW_HINT)
    return found.digest


def _objection(message: str) -> Problem:
    return Problem("not-locked", message)


def _told(found: Difference) -> Iterator[str]:
    yield from (f"`{name}` is not in the lock" for name in found.added)
    yield from (f"`{name}` is locked and not here" for name in found.removed)
    yield from (
        f"`{one.name}` is locked as `{one.before}`, or with another path" for one in found.moved
    )
    yield from (
        f"`{one.name}` has other {' and '.join(one.facets)} than the lock" for one in found.changed
    )
    yield from (
        f"the file {path} has other bytes than the lock"
        for path in (*found.reencoded, *found.bytes)
    )
    yield from (f"the file {path} is locked and not here" for path in found.missing)
    yield from (f"the file {path} is not in the lock" for path in found.extra)
