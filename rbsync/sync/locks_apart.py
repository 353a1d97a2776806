"""Two locks that git has, compared in the blocks that differ: all others are left unread."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from functools import partial
from itertools import groupby
from typing import NamedTuple

from rbsync.errors import UserError
from rbsync.locks.folder import FOLDER
from rbsync.locks.layout import REMOTE, home_and_digits, home_of
from rbsync.locks.line_format import NOTE
from rbsync.locks.lock_content import Lock, Note
from rbsync.locks.parsing import read_lock
from rbsync.sync.known_locks import Blobs, KnownFile, KnownLocks, digest_of
from rbsync.sync.revisions import blobs_at, locked_paths, texts_of

_BLOCK = re.compile(rb"(?:%b.*\n)*.*\n" % NOTE)
_LABEL_FILES = re.compile(rb'"label_files":(\[.*?\]),"settings":')
_OLD, _NEW = 0, 1


class RevisionPart(NamedTuple):
    """The part of a revision's lock that another one has not, and the digest of the whole.

    ``locked`` gives the paths that are locked in the folders of some lock files, as ``Revision``
    wants them.
    """

    lock: Lock
    digest: str
    locked: Callable[[Set[str]], Iterator[str]]


def parts_apart(
    root: str, before: str, after: str, known: KnownLocks
) -> tuple[RevisionPart, RevisionPart] | None:
    """In what the locks of two revisions differ; None where nothing less than all of them tells it.

    Raises UserError for a name that is no revision with a lock, RbsyncError for what git lacks.
    """
    old, new = blobs_at(root, before), blobs_at(root, after)
    first, second = known.files(old, new)
    if first is None or second is None:
        return None
    try:
        parts = _parts(root, old, new)
        _add_notes(root, parts, new, second)
    # Whatever is wrong with it is told, with the places, where the whole is read.
    except UserError:
        return None
    was, now = parts
    return (
        RevisionPart(was, digest_of(first), partial(locked_paths, root, old)),
        RevisionPart(now, digest_of(second), partial(locked_paths, root, new)),
    )


def _parts(root: str, old: Blobs, new: Blobs) -> tuple[Lock, Lock]:
    """The locks without the blocks that both have."""
    both = Lock(), Lock()
    differing = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    wanted = [
        ((home_and_digits(name)[0], name, side), blobs[name])
        for name in sorted(differing)
        for side, blobs in ((_OLD, old), (_NEW, new))
        if name in blobs
    ]
    wanted.sort()
    # A folder at a time: its files may be other ones, for they were split or are no more.
    for _, texts in groupby(texts_of(root, wanted), key=lambda one: one[0][0]):
        for lock, files in zip(both, _without_common(texts), strict=True):
            found = read_lock(files, FOLDER)
            lock.sums.update(found.sums)
            lock.notes.update(found.notes)
    return both


def _without_common(
    texts: Iterable[tuple[tuple[str, str, int], bytes]],
) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The files of a folder in both locks, without the blocks that stand in both."""
    blocks: tuple[dict[str, list[bytes]], ...] = {}, {}
    for (_, name, side), text in texts:
        blocks[side][name] = _blocks(name, text)
    old, new = (frozenset(one for own in files.values() for one in own) for files in blocks)
    common = old & new
    kept = (
        {name: b"".join([one for one in own if one not in common]) for name, own in files.items()}
        for files in blocks
    )
    first, second = ({name: text for name, text in files.items() if text} for files in kept)
    return first, second


def _blocks(name: str, text: bytes) -> list[bytes]:
    if name.startswith(REMOTE):
        return text.splitlines(keepends=True)
    return _BLOCK.findall(text)


def _add_notes(
    root: str, parts: tuple[Lock, Lock], new: Blobs, files: Mapping[str, KnownFile]
) -> None:
    """Adds datapoints that both locks have alike, and that say what is the same in other bytes.

    A file of labels that was written anew may mean the same. That says a datapoint whose labels are
    what they were, in whatever lock file it stands; one for each file is enough.
    """
    labeled = {name: frozenset(one.label_homes) for name, one in files.items() if one.label_homes}
    # Of a million images with other bytes it takes seconds to see that no labels come from them.
    if not labeled:
        return
    open_files = _written_anew(*parts)
    homes = {*map(home_of, open_files)}
    wanted = [(name, new[name]) for name, own in labeled.items() if homes & own]
    for name, text in texts_of(root, wanted):
        for note in _notes_with(open_files, name, text):
            if note.name not in parts[_NEW].notes:
                open_files.difference_update(note.label_files)
                for lock in parts:
                    lock.notes[note.name] = note
        if not open_files:
            break


def _written_anew(old: Lock, new: Lock) -> set[str]:
    """The files with other bytes that no datapoint in the parts says to mean the same."""
    other = {path for path in old.sums.keys() & new.sums.keys() if old.sums[path] != new.sums[path]}
    for name in old.notes.keys() & new.notes.keys():
        before, after = old.notes[name], new.notes[name]
        if before.label_files and before.labels == after.labels:
            other -= {*before.label_files} & {*after.label_files}
    return other


def _notes_with(wanted: Set[str], name: str, text: bytes) -> Iterator[Note]:
    """The datapoints of a lock file whose labels come from one of these files at least."""
    told = {*_LABEL_FILES.findall(text)}
    if any(not wanted.isdisjoint(json.loads(one)) for one in told):
        notes = read_lock({name: text}, FOLDER).notes.values()
        yield from (one for one in notes if not wanted.isdisjoint(one.label_files))
