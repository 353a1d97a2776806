"""Two locks that git has, compared in the files that differ: all others are the same blob.

The version of a lock is one of all its files. What is known of a file is remembered by the id that
git gives it, so that each is read once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import closing
from typing import NamedTuple

from rbsync.errors import UserError
from rbsync.files.cache import Cache
from rbsync.locks.folder import FOLDER
from rbsync.locks.layout import blocks, digest_of_sums, text_of
from rbsync.locks.lock_content import Lock
from rbsync.locks.opened_files import FileFacts, is_canonical
from rbsync.locks.parsing import read_lock
from rbsync.sync.revisions import blobs_at, texts_of
from rbsync.sync.workspace import FOLDER as OWN_FOLDER
from rbsync.sync.workspace import SUMS

_CONTEXT = "lock files in git:1"


class RevisionPart(NamedTuple):
    """The part of a revision's lock that another one has not, and the digest of the whole."""

    lock: Lock
    digest: str


def parts_apart(root: str, before: str, after: str) -> tuple[RevisionPart, RevisionPart] | None:
    """In what the locks of two revisions differ; None where nothing less than all of them tells it.

    Raises UserError for a name that is no revision with a lock.
    """
    old, new = blobs_at(root, before), blobs_at(root, after)
    facts = _known(root, {**_by_key(old), **_by_key(new)})
    differing = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    parts = []
    for name, blobs in ((before, old), (after, new)):
        found = {file: one for file, blob in blobs.items() if (one := facts[_key(file, blob)])}
        if len(found) < len(blobs) or not is_canonical(found):
            return None
        wanted = {file: blob for file, blob in blobs.items() if file in differing}
        lock = read_lock(texts_of(root, wanted), f"{name}:{FOLDER}")
        digest = digest_of_sums({file: one.sum for file, one in found.items()})
        parts.append(RevisionPart(lock, digest))
    first, second = parts
    return None if _is_open(first.lock, second.lock) else (first, second)


def _is_open(old: Lock, new: Lock) -> bool:
    """Tells whether a file changed that a datapoint elsewhere may have its labels from."""
    notes = [*old.notes.values(), *new.notes.values()]
    told = {path for one in notes for path in (one.path, *one.label_files)}
    both = old.sums.keys() & new.sums.keys()
    return any(old.sums[path] != new.sums[path] and path not in told for path in both)


def _key(name: str, blob: str) -> str:
    # With the name: in a file of another name the same lines may not be where they belong.
    return f"{blob} {name}"


def _by_key(blobs: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    return {_key(name, blob): (name, blob) for name, blob in blobs.items()}


def _known(root: str, wanted: Mapping[str, tuple[str, str]]) -> dict[str, FileFacts | None]:
    """The facts of files by their keys; None for one that is not as `rbsync lock` writes it."""
    with closing(Cache(os.path.join(root, OWN_FOLDER, SUMS), "sha256")) as cache:
        known = cache.checked(_CONTEXT)
        found = {key: _read(known[key]) for key in wanted if key in known}
        texts = texts_of(root, {key: blob for key, (_, blob) in wanted.items() if key not in found})
        new = {key: _facts(wanted[key][0], text) for key, text in texts.items()}
        # Also that a file is not canonical, so that it is not parsed once more to see that.
        cache.put_checked(_CONTEXT, [(key, json.dumps(one)) for key, one in new.items()])
    return found | new


def _read(text: str) -> FileFacts | None:
    found = json.loads(text)
    return FileFacts(*found) if found else None


def _facts(name: str, text: bytes) -> FileFacts | None:
    try:
        lock = read_lock({name: text}, FOLDER)
    # What is wrong with it is told where the whole lock is read.
    except UserError:
        return None
    return FileFacts.of(name, text) if text_of(blocks(lock)) == text else None
