"""Versions of a dataset by what people call them: a lock folder, or a git revision."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import TypeVar

from rbsync.errors import UserError
from rbsync.locks.folder import FOLDER, no_lock_in, read_files
from rbsync.locks.layout import SUFFIX, home_and_digits
from rbsync.locks.lock_content import Lock
from rbsync.locks.parsing import read_lock
from rbsync.sync.git import GitError, blobs, commit_of, git

_Key = TypeVar("_Key")
_HINT = f"`git log -- {FOLDER}` lists the revisions that have one"


def version_of(root: str, name: str) -> Lock:
    """The lock that a name means: a folder with one, or what a revision has of ``root``.

    Raises UserError for a name that means neither, and for a lock that is wrong.
    """
    if folder := _folder(name):
        shown, files = os.path.relpath(folder), read_files(folder)
        if not files:
            raise no_lock_in(shown)
        return read_lock(files, shown)
    return _at_revision(root, name)


def is_folder(name: str) -> bool:
    """Tells whether a name means a folder with a lock, and no revision."""
    return bool(_folder(name))


def _folder(name: str) -> str:
    # As the one who typed it means it: from where they stand.
    folder = os.path.abspath(name)
    within = os.path.join(folder, FOLDER)
    if os.path.isdir(within):
        return within
    return folder if os.path.basename(folder) == FOLDER and os.path.isdir(folder) else ""


def _at_revision(root: str, name: str) -> Lock:
    return read_lock(dict(texts_of(root, blobs_at(root, name).items())), f"{name}:{FOLDER}")


def blobs_at(root: str, name: str) -> dict[str, str]:
    """The ids that git gives the lock files of a revision, by their names. Raises UserError."""
    try:
        commit = commit_of(root, name)
        prefix = os.fsdecode(git(root, "rev-parse", "--show-prefix")).rstrip("\n")
    except GitError as error:
        raise UserError(f"`{name}` is no lock folder, and in git {error}", hint=_HINT) from error
    try:
        listed = git(root, "ls-tree", "-z", "--full-tree", f"{commit}:{prefix}{FOLDER}")
    except GitError as error:
        raise UserError(f"the revision `{name}` has no {prefix}{FOLDER}", hint=_HINT) from error
    entries = [one.partition(b"\t") for one in listed.split(b"\0") if one]
    ids = {os.fsdecode(name): facts.split() for facts, _, name in entries}
    # A link in the folder is a blob too, of another mode.
    found = {
        name: blob.decode()
        for name, (mode, _, blob) in ids.items()
        if name.endswith(SUFFIX) and not name.startswith(".") and mode.startswith(b"100")
    }
    if not found:
        raise UserError(f"{prefix}{FOLDER} of `{name}` has no `{SUFFIX}` file", hint=_HINT)
    return found


def locked_paths(root: str, files: Mapping[str, str], homes: Set[str]) -> Iterator[str]:
    """Yields the paths in lock files; their names without suffix are ``homes``.

    ``files`` are the ids in git of all lock files, by their names. Raises RbsyncError.
    """
    wanted = [one for one in files.items() if home_and_digits(one[0])[0] in homes]
    for name, text in texts_of(root, wanted):
        yield from read_lock({name: text}, FOLDER).sums


def texts_of(root: str, wanted: Iterable[tuple[_Key, str]]) -> Iterator[tuple[_Key, bytes]]:
    """Yields the texts of lock files by their keys; beside these stand their ids in git.

    Raises RbsyncError for one that git does not have.
    """
    keys, ids = [], []
    for key, blob in wanted:
        keys.append(key)
        ids.append(blob)
    return zip(keys, blobs(root, ids), strict=True)
