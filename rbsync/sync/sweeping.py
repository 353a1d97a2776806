"""Sweeps up after runs that were killed: by an apply, once a day, or at once on demand."""

from __future__ import annotations

import json
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import suppress

from rbsync.backends.base import Collected, KeepsFiles, LostFile
from rbsync.errors import RbsyncError
from rbsync.sync.workspace import Workspace

DAY = 86400.0
MARK = "swept"
"""An empty file beside the state; its time is that of the last sweeping."""

LIVING = 60.0
"""Seconds for which a file that is just being written is left alone in any case."""

_GONE = "gone folders"

_DRAFT = re.compile(r"\.rbsync-[0-9a-f]{16}|\.clock-[0-9]+|.+\.new(-wal|-shm|-journal)?")


def sweep_when_due(workspace: Workspace) -> None:
    """Removes what is older than a day and belongs to nothing, unless that was done today.

    What cannot be swept now can be swept tomorrow: no run fails for it.
    """
    mark = os.path.join(_folder(workspace), MARK)
    try:
        is_due = time.time() - os.stat(mark).st_mtime >= DAY
    except OSError:
        is_due = True
    if is_due:
        with suppress(RbsyncError, OSError):
            collect(workspace, DAY)
            with open(mark, "w"):
                os.utime(mark)


def collect(workspace: Workspace, grace: float = 0.0) -> Collected:
    """Removes what is older than ``grace`` seconds and belongs to nothing. Raises RbsyncError."""
    drafts = list(_drafts(_folder(workspace), max(grace, LIVING)))
    _forget_gone(workspace, grace)
    backend = workspace.backend
    found = Collected()
    if isinstance(backend, KeepsFiles):
        found = backend.collect(refs_in_use(workspace), grace)
    return Collected(found.files + len(drafts), found.size + sum(drafts))


def _forget_gone(workspace: Workspace, grace: float) -> None:
    """Forgets what is remembered of the files of folders that are gone for ``grace`` seconds."""
    cache, root, now = workspace.inputs.cache, workspace.manifest.root, time.time()
    gone = [one for one in cache.folders() if not _is_there(os.path.join(root, one))]
    # A disk that is not mounted today would be hashed anew tomorrow.
    known: dict[str, float] = json.loads(cache.memo(_GONE) or "{}")
    since = {one: min(known.get(one, now), now) for one in gone}
    due = [one for one, at in since.items() if now - at >= grace]
    cache.forget(due)
    left = {one: at for one, at in since.items() if one not in due}
    if left != known:
        cache.put_memo(_GONE, json.dumps(left))


def _is_there(path: str) -> bool:
    """Tells whether there is a folder, or nobody can say."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True


def refs_in_use(workspace: Workspace) -> frozenset[str]:
    """Stored files that something beside the datapoints needs: those that the history names."""
    return workspace.history.refs()


def lost_files(workspace: Workspace, *, reading: bool = False) -> list[LostFile]:
    """The stored files that are gone; with ``reading`` those that changed too. Raises RbsyncError.

    None where the backend keeps no files itself.
    """
    backend = workspace.backend
    return list(backend.lost(reading=reading)) if isinstance(backend, KeepsFiles) else []


def _drafts(folder: str, grace: float) -> Iterator[int]:
    """Removes files that were to get another name and never did; the sizes of those."""
    oldest = time.time() - grace
    with suppress(OSError), os.scandir(folder) as entries:
        for one in entries:
            with suppress(OSError):
                found = one.stat(follow_symlinks=False)
                is_draft = _DRAFT.fullmatch(one.name) and one.is_file(follow_symlinks=False)
                if is_draft and found.st_mtime <= oldest:
                    os.unlink(one.path)
                    yield found.st_size


def _folder(workspace: Workspace) -> str:
    return os.path.dirname(workspace.recovery_file.path)
