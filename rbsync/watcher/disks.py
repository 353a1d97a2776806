"""The kind of the file system below a folder: on some nobody learns what others write."""

from __future__ import annotations

import os
from contextlib import suppress

from rbsync.stores.state_lock import MOUNTS, NETWORK, file_system

_SHARED = frozenset({"ceph", "glusterfs", "lustre", "beegfs", "gpfs", "ocfs2", "gfs2", "virtiofs"})
_FUSE = "fuse"


def shared_kind(path: str, mounts: str = "") -> str:
    """The type of a file system that others may write to unseen; empty for a disk of this machine.

    ``mounts`` is text as in ``/proc/mounts``. A lease that is granted on such a file system proves
    nothing, and no event tells of writers on other machines.
    """
    kind = file_system(os.path.realpath(path), mounts or _mounts())
    is_shared = kind in NETWORK or kind in _SHARED or kind.startswith(_FUSE)
    return kind if is_shared else ""


def _mounts() -> str:
    with suppress(OSError), open(MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()
    return ""
