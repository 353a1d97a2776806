"""A folder as a git revision has it, beside the folder as it is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryDirectory

from rbsync.errors import RbsyncError
from rbsync.sync.git import GitError, git
from rbsync.sync.workspace import FOLDER

_PLACE = "at"


@contextmanager
def checked_out(root: str, revision: str) -> Iterator[tuple[str, str]]:
    """A folder with the files of a revision, and the commit that it is; gone afterwards.

    What git never had, such as large images, is there as it is in ``root`` now: as another name
    of the same file where the disk allows that, else as a copy. Raises RbsyncError.
    """
    try:
        commit = _commit(root, revision)
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


def _commit(root: str, revision: str) -> str:
    wanted = f"{revision}^{{commit}}"
    return git(root, "rev-parse", "--verify", "--end-of-options", wanted).decode().strip()


def _write(root: str, commit: str, index: str, target: str) -> None:
    """Writes the files of the folder at a commit; git applies its own filters, such as LFS."""
    within = git(root, "rev-parse", "--show-prefix").decode().rstrip("\n")
    git(root, "read-tree", f"{commit}:{within}" if within else commit, index=index)
    os.makedirs(target)
    top = git(root, "rev-parse", "--show-toplevel").decode().rstrip("\n")
    git(top, "checkout-index", "--all", f"--prefix={target}/", index=index)


def _add_untracked(root: str, target: str) -> None:
    names = git(root, "ls-files", "--others", "-z").decode("utf-8", "surrogateescape")
    for name in filter(None, names.split("\0")):
        # Environments, caches and our own folder; sources leave hidden files out too.
        if any(part.startswith(".") for part in name.split("/")):
            continue
        _link(os.path.join(root, name), os.path.join(target, name))


def _link(source: str, target: str) -> None:
    if os.path.islink(source) or os.path.lexists(target) or not os.path.isfile(source):
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        with suppress(FileNotFoundError):
            shutil.copy2(source, target)
