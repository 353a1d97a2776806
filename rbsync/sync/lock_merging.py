"""Git's merge of lock files: the driver that it calls, and how it gets to know of it."""

from __future__ import annotations

import os

from rbsync.errors import Problem, RbsyncError, UserError
from rbsync.locks.line_format import LineError
from rbsync.locks.merging import merge
from rbsync.sync.git import GitError, git

NAME = "merge.rbsync-lock"


def install(folder: str) -> None:
    """Tells the git of a clone how lock files are merged. Raises RbsyncError."""
    try:
        git(folder, "config", f"{NAME}.name", "lock files of rbsync, by path")
        git(folder, "config", f"{NAME}.driver", "rbsync merge-driver %O %A %B %P")
    except GitError as error:
        raise RbsyncError(f"git takes no merge driver here: {error}") from error


def merge_files(base: str, ours: str, theirs: str, path: str) -> list[str]:
    """Merges into ``ours`` and returns the keys that both sides changed.

    Raises UserError for a text that is no lock file; nothing is written then.
    """
    name = os.path.basename(path)
    try:
        text, conflicts = merge(name, _read(base), _read(ours), _read(theirs))
    except LineError as error:
        problem = Problem("lock", f"{path} cannot be merged: {error}", None, "`rbsync lock`")
        raise UserError([problem]) from error
    # In place: git takes the result from this very file.
    with open(ours, "wb", opener=_no_link) as file:
        file.write(text)
    return conflicts


def _no_link(path: str, flags: int) -> int:
    """Opens what git gives, which is never a link: one is a stranger's, and leads to what is not
    to be merged.
    """
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb", opener=_no_link) as file:
            return file.read()
    except OSError as error:
        raise RbsyncError(f"{path} cannot be read: {error.strerror or error}") from error
