"""Looks at this machine: versions, the disk of the state, what is not installed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator

from rbsync.checks import Check
from rbsync.version import VERSION

# Two connections of one process that write and reset the log at once may damage the file before.
_RESET_FAULT_ENDS = (3, 51, 3)
_GIB = 1 << 30
_INOTIFY = "/proc/sys/fs/inotify/max_user_watches"
_FEW_WATCHES = 65536
# Files of SQLite over a network are damaged by locks that do not hold there.
_NETWORKED = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph"})
# What is installed tells which extra was: of each a module that no other extra brings without it.
_PARTS = {
    "browse": "gdcm",
    "buckets": "obstore",
    "coco": "pycocotools",
    "dask": "distributed",
    "postgres": "psycopg",
    "serve": "graphql",
    "voc": "defusedxml",
}


def machine_checks(folder: str) -> Iterator[Check]:
    """Looks at this machine; ``folder`` is the one that the state is in."""
    python = ".".join(map(str, sys.version_info[:3]))
    yield Check("rbsync", "ok", f"{VERSION}, Python {python}")
    yield _masks()
    yield _sqlite()
    yield _disk(folder)
    yield _room(folder)
    yield from _watches()
    yield from _parts()


def _masks() -> Check:
    from rbsync.masks.kernel.compiled import describe

    return Check("masks", "ok", describe())


def _sqlite() -> Check:
    # No warning: the state is written by one connection, so that the fault cannot come to it. Who
    # looks for the cause of a damaged copy should see it all the same.
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info >= _RESET_FAULT_ENDS:
        return Check("SQLite", "ok", version)
    return Check("SQLite", "ok", f"{version}; its fault of 2 writers needs more than our one")


def _disk(folder: str) -> Check:
    kind = file_system_of(folder)
    if kind in _NETWORKED:
        hint = "keep the state on a disk of this machine: --state sqlite:/path/state.db"
        return Check("disk of the state", "warning", f"{folder} is on {kind}, over a network", hint)
    return Check("disk of the state", "ok", kind or "unknown")


def file_system_of(folder: str, mounts: str = "/proc/self/mounts") -> str:
    """The kind of file system that a folder is on; empty where the system does not tell."""
    # Links lead to other disks: `.rbsync` may be one on a share.
    real = os.path.realpath(folder)
    best, kind = "", ""
    try:
        with open(mounts, encoding="utf-8", errors="replace") as file:
            rows = [line.split() for line in file]
    except OSError:
        return ""
    for _, where, found, *_ in (one for one in rows if len(one) > 3):
        below = real == where or real.startswith(where.rstrip("/") + "/")
        # The longest is the nearest; of two at one place the later one hides the earlier.
        if below and len(where) >= len(best):
            best, kind = where, found
    return kind


def _room(folder: str) -> Check:
    # Before the first apply the folder is not there, and its disk is that of the nearest above.
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    free = shutil.disk_usage(folder).free
    text = f"{free / _GIB:.1f} GiB free"
    if free < _GIB:
        return Check("space", "warning", text, "the state and its history need some: make room")
    return Check("space", "ok", text)


def _watches(path: str = _INOTIFY) -> Iterator[Check]:
    try:
        with open(path, encoding="ascii") as file:
            most = int(file.read())
    except (OSError, ValueError):
        return
    if most < _FEW_WATCHES:
        hint = f"for more folders, as root: sysctl fs.inotify.max_user_watches={8 * _FEW_WATCHES}"
        yield Check("watches", "warning", f"{most:,} folders can be watched", hint)
    else:
        yield Check("watches", "ok", f"{most:,} folders can be watched")


def _parts() -> Iterator[Check]:
    for extra, module in _PARTS.items():
        if importlib.util.find_spec(module) is None:
            hint = f"pip install 'rbsync[{extra}]', where it is wanted"
            yield Check(f"extra {extra}", "skipped", "not installed", hint)
        else:
            yield Check(f"extra {extra}", "ok", "installed")
