"""The version of the files at hand, where it is known without reading them again.

`lock` and `verify` write down that the files are those of the lock, together with what tells that
nothing has changed since: the names in every folder, and each file's size, times and inode.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from contextlib import closing
from typing import Any

import xxhash

from rbsync.files.cache import Cache
from rbsync.locks.folder import FOLDER
from rbsync.locks.layout import SUFFIX
from rbsync.sync.workspace import SUMS, Workspace
from rbsync.version import VERSION

_KEY = "version"


def remember_version(
    workspace: Workspace, digest: str, seen: Collection[str] | None = None
) -> None:
    """Writes down that the files at hand, which were just read, are those of the lock.

    ``seen`` are the folders that they were found in, where only a part of them was looked at.
    """
    tree = workspace.inputs.tree
    # A file that was written in the last seconds may change again within one tick of the clock.
    if not tree.is_settled() or workspace.manifest.trust.untrusted:
        return
    folders = tree.folders() if seen is None else sorted(seen)
    if signature := tree.signature(folders):
        known = {"digest": digest, "folders": folders, "signature": signature}
        text = json.dumps({**known, "basis": basis_of_version(workspace)})
        workspace.inputs.cache.put_memo(_KEY, text)


def known_version(workspace: Workspace) -> str:
    """The version of the files at hand; empty where it is not known to be locked."""
    # The files of another revision are those of a folder that was just made.
    if workspace.revision or workspace.manifest.trust.untrusted:
        return ""
    path = os.path.join(os.path.dirname(workspace.recovery_file.path), SUMS)
    if not os.path.isfile(path):
        return ""
    with closing(Cache(path, "sha256")) as cache:
        text = cache.memo(_KEY)
    known: dict[str, Any] = json.loads(text) if text else {}
    if not known or known["basis"] != basis_of_version(workspace):
        return ""
    # Last, for it looks at every folder.
    is_same = workspace.inputs.tree.signature(known["folders"]) == known["signature"]
    return str(known["digest"]) if is_same else ""


def version_stamps(workspace: Workspace) -> tuple[str, str]:
    """The version and the revision that tasks are stamped with; each empty where it is not known.

    The revision is told only where git sees no change: of other files it would be a wrong one.
    """
    root = workspace.manifest.root
    version = known_version(workspace)
    if workspace.revision:
        return version, workspace.revision
    # Without a lock nobody has asked for versions, and git is not run for each apply.
    if not version:
        return "", ""
    # What runs programs takes longer to load than a plan with nothing to do takes in all.
    from rbsync.sync.git import GitError, git, revision_of

    try:
        is_clean = not git(root, "status", "--porcelain", "-z", "--", ".")
    except GitError:
        return version, ""
    return version, revision_of(root) if is_clean else ""


def has_lock(workspace: Workspace) -> bool:
    """Tells whether there is a lock, whatever it is of."""
    return os.path.isdir(os.path.join(workspace.manifest.root, FOLDER))


def basis_of_version(workspace: Workspace) -> list[str]:
    """All that the version depends on beside files of data."""
    return [VERSION, workspace.manifest.meaning, _lock_files(workspace)]


def _lock_files(workspace: Workspace) -> str:
    """Returns what tells whether the lock is as it was."""
    hasher = xxhash.xxh3_128()
    try:
        with os.scandir(os.path.join(workspace.manifest.root, FOLDER)) as entries:
            for one in sorted(entries, key=lambda entry: entry.name):
                if one.name.endswith(SUFFIX):
                    stat = one.stat(follow_symlinks=False)
                    facts = (one.name, stat.st_size, stat.st_mtime_ns, stat.st_ino)
                    hasher.update(os.fsencode(repr(facts)))
    except OSError:
        return ""
    return hasher.hexdigest()
