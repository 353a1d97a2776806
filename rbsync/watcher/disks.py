"""The kind of the file system below a folder: on some nobody learns what others write."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

from rbsync.stores.state_lock import MOUNTS, NETWORK, file_system, mount_places, unescaped
from rbsync.trust.places import is_below

_SHARED = frozenset({"ceph", "glusterfs", "lustre", "beegfs", "gpfs", "ocfs2", "gfs2", "virtiofs"})
_FUSE = "fuse"
_EXPORTS, _VERSIONS = "/var/lib/nfs/etab", "/proc/fs/nfsd/versions"


def shared_kind(path: str, mounts: str = "") -> str:
    """The type of a file system that others may write to unseen; empty for a disk of this machine.

    ``mounts`` is text as in ``/proc/mounts``. A lease that is granted on such a file system proves
    nothing, and no event tells of writers on other machines.
    """
    kind = file_system(os.path.realpath(path), mounts or _mounts())
    is_shared = kind in NETWORK or kind in _SHARED or kind.startswith(_FUSE)
    return kind if is_shared else ""


def exported_folders(table: str = _EXPORTS, versions: str = _VERSIONS) -> tuple[str, ...]:
    """The folders that this machine serves by NFS 3, whose clients' writers hold nothing open.

    ``table`` and ``versions`` are the files in which the server keeps them.
    """
    # Clients of NFS 4 open files at the server, so that a lease sees their writers.
    if "-3" in _read(versions).split():
        return ()
    lines = (line.split() for line in _read(table).splitlines())
    # A space in a path is written as \\040, as in the table of mounts.
    return tuple(unescaped(words[0]) for words in lines if words and words[0][:1] == "/")


def has_hole(descriptor: int, size: int) -> bool:
    """Tells whether a part of a file was allocated and never written; False where disks keep that
    to themselves. Leaves the descriptor at the file's beginning.
    """
    try:
        return os.lseek(descriptor, 0, os.SEEK_HOLE) < size
    except OSError:
        return False
    finally:
        # Whoever reads the file next would else begin at the hole, and take a part for the whole.
        os.lseek(descriptor, 0, os.SEEK_SET)


def mounted_below(root: str, mounts: str = "") -> frozenset[str]:
    """The places below a folder, the folder itself included, at which disks are mounted.

    ``mounts`` is as for `shared_kind`.
    """
    top = os.path.realpath(root)
    return frozenset(place for place in mount_places(mounts or _mounts()) if is_below(place, top))


class MountedDisks:
    """The disks below a folder that were mounted at some time since the start.

    Where a disk was unmounted lies an empty folder, which looks as if all files had been deleted.
    """

    def __init__(self, root: str, mounted: Callable[[str], frozenset[str]] = mounted_below) -> None:
        self._root, self._mounted = root, mounted
        self._seen = mounted(root)

    def gone(self) -> list[str]:
        """The places at which nothing is mounted any more."""
        now = self._mounted(self._root)
        # A disk that was mounted only later must be missed too when it goes.
        self._seen |= now
        return sorted(self._seen - now)


def _mounts() -> str:
    return _read(MOUNTS)


def _read(path: str) -> str:
    with suppress(OSError), open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()
    return ""
