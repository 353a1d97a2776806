"""Which file system a folder lies on, as far as that decides whether a state is safe there."""

from __future__ import annotations

import os
import re

from rbsync.errors import StoreError

MOUNTS = "/proc/self/mounts"

# SQLite's shared memory and file locks do not hold between the machines that share these.
NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "9p", "afs", "drvfs", "fuse.sshfs"}
)


def refuse_network(folder: str, mounts: str = "") -> None:
    """Raises StoreError when a folder, which need not exist yet, lies on a network file system.

    Says nothing where the system does not list its mounts.
    """
    kind = file_system(os.path.realpath(folder), _read(mounts or MOUNTS))
    if kind in NETWORK:
        raise StoreError(
            f"The state cannot be kept in {folder}: it is on a network file system ({kind}).",
            hint="Keep the state on a local disk; the files to upload may stay where they are.",
        )


def file_system(path: str, mounts: str) -> str:
    """The type of the file system that an absolute path lies on; ``""`` when unknown.

    ``mounts`` is text in the format of fstab(5), as in ``/proc/mounts``; of two mounts at one
    place the later hides the earlier.
    """
    kind, longest = "", -1
    for line in mounts.splitlines():
        place, found = _mount(line)
        if len(place) >= longest and _is_under(path, place):
            kind, longest = found, len(place)
    return kind


def _mount(line: str) -> tuple[str, str]:
    _, place, kind, *_ = line.split(" ")
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), place), kind


def _is_under(path: str, place: str) -> bool:
    return path == place or path.startswith(place.rstrip("/") + "/")


def _read(mounts: str) -> str:
    try:
        with open(mounts, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""
