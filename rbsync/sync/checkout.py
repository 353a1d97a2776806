"""A folder as a git revision has it, beside the folder as it is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence, Set
from contextlib import contextmanager, suppress
from tempfile import TemporaryDirectory

from rbsync.errors import RbsyncError
from rbsync.sync.git import GitError, commit_of, git
from rbsync.sync.workspace import FOLDER

_PLACE = "at"


@contextmanager
def checked_out(root: str, revision: str) -> Iterator[tuple[str, str]]:
    """A folder with the files of a revision, and the commit that it is; gone afterwards.

    What git never had, such as large images, is there as it is in ``root`` now: as another name
    of the same file where the disk allows that, else as a copy. Raises RbsyncError.
    """
    try:
        commit = commit_of(root, revision)
        parent = os.path.join(root, FOLDER, _PLACE)
        os.makedirs(parent, exist_ok=True)
        with TemporaryDirectory(dir=parent, prefix=f"{commit[:12]}-") as folder:
            target = os.path.join(folder, "files")
            _write(root, commit, os.path.join(folder, "index"), target)
            _add_untracked(root, target)
            yield target, commit
    except GitError as error:
        raise RbsyncError(
            f"git has no `{revision}` of this folder: {error}", hint="`git log` lists the commits"
        ) from error


@contextmanager
def partly_checked_out(
    root: str, revision: str, wanted: Collection[str], taken: Callable[[Sequence[str]], Set[str]]
) -> Iterator[str]:
    """A folder with some files of a revision; gone afterwards.

    It has the paths that are ``wanted``, and those of all that git has that are ``taken``. What is
    wanted and git never had is there as it is in ``root`` now. Raises RbsyncError.
    """
    try:
        with TemporaryDirectory(prefix="rbsync-at-") as folder:
            index, target = os.path.join(folder, "index"), os.path.join(folder, "files")
            _read_index(root, commit_of(root, revision), index)
            # From the top, where the paths of the index begin.
            top = _top(root)
            names = _split(git(top, "ls-files", "--cached", "-z", index=index))
            others = taken(names)
            chosen = [one for one in names if one in wanted or one in others]
            os.makedirs(target)
            listed = os.fsencode("".join(f"{one}\0" for one in chosen))
            into = ("checkout-index", "-z", "--stdin", f"--prefix={target}/")
            git(top, *into, index=index, stdin=listed)
            for one in wanted:
                if not os.path.isabs(one):
                    _link(os.path.join(root, one), os.path.join(target, one))
            yield target
    except GitError as error:
        raise RbsyncError(f"git has no files of `{revision}`: {error}") from error


def _write(root: str, commit: str, index: str, target: str) -> None:
    """Writes the files of the folder at a commit; git applies its own filters, such as LFS."""
    _read_index(root, commit, index)
    os.makedirs(target)
    git(_top(root), "checkout-index", "--all", f"--prefix={target}/", index=index)


def _read_index(root: str, commit: str, index: str) -> None:
    """Makes an index of the folder at a commit, whose paths begin there."""
    within = git(root, "rev-parse", "--show-prefix").decode().rstrip("\n")
    git(root, "read-tree", f"{commit}:{within}" if within else commit, index=index)


def _top(root: str) -> str:
    return git(root, "rev-parse", "--show-toplevel").decode().rstrip("\n")


def _add_untracked(root: str, target: str) -> None:
    for name in _split(git(root, "ls-files", "--others", "-z")):
        # Environments, caches and our own folder; sources leave hidden files out too.
        if any(part.startswith(".") for part in name.split("/")):
            continue
        _link(os.path.join(root, name), os.path.join(target, name))


def _split(listed: bytes) -> list[str]:
    return [one for one in os.fsdecode(listed).split("\0") if one]


def _link(source: str, target: str) -> None:
    # What git wrote goes first: a file at hand must not stand in for that of the revision.
    if os.path.islink(source) or os.path.lexists(target) or not os.path.isfile(source):
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        with suppress(FileNotFoundError):
            shutil.copy2(source, target)
