"""One writer at a time: a lock of the operating system, and a note of who holds it.

The lock alone decides, and frees itself when its holder dies. The note beside it is for people.
On file systems whose locks cannot be relied upon there is no state.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict

from rbsync.errors import StoreError
from rbsync.stores.base import Owner
from rbsync.stores.writer_errors import locked

MOUNTS = "/proc/self/mounts"

# SQLite's shared memory and file locks do not hold between the machines that share these.
NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "9p", "afs", "drvfs", "fuse.sshfs"}
)


def refuse_network(folder: str, mounts: str = "") -> None:
    """Raises StoreError when a folder, which need not exist yet, lies on a network file system.

    Says nothing where the system does not list its mounts.
    """
    # The folder may be a link to a share.
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
        # `>=` and not `>`: of two mounts at one place the later one is what a path reaches.
        if len(place) >= longest and _is_under(path, place):
            kind, longest = found, len(place)
    return kind


def mount_places(mounts: str) -> list[str]:
    """The places of all mounts; ``mounts`` is as for `file_system`."""
    return [_mount(line)[0] for line in mounts.splitlines()]


def _mount(line: str) -> tuple[str, str]:
    _, place, kind, *_ = line.split(" ")
    return unescaped(place), kind


def unescaped(path: str) -> str:
    """A path of a table of mounts, in which a space is written as ``\\040``."""
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), path)


def _is_under(path: str, place: str) -> bool:
    return path == place or path.startswith(place.rstrip("/") + "/")


def _read(mounts: str) -> str:
    try:
        with open(mounts, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""


POLL_SECONDS = 0.05


class StateLock:
    """The lock of the state at a path: ``PATH.lock``, and ``PATH.owner`` while it is held."""

    def __init__(self, path: str) -> None:
        self._lock = path + ".lock"
        self._note = path + ".owner"

    @contextmanager
    def held(self, owner: Owner, timeout: float) -> Iterator[None]:
        """Holds the lock, waiting up to ``timeout`` seconds for it; Ctrl-C ends the waiting.

        Raises LockedError, which names the present owner, and OSError when the files cannot be
        written.
        """
        # Readers, who never lock, are spared the import.
        import filelock

        # The thread that ends the run may be another one than that which began it.
        lock = filelock.FileLock(self._lock, thread_local=False)
        try:
            lock.acquire(timeout=max(timeout, 0), poll_interval=POLL_SECONDS)
        except filelock.Timeout:
            raise locked(self.owner()) from None
        try:
            self._write(owner)
            yield
        finally:
            self._remove(owner)
            lock.release()

    def owner(self) -> Owner | None:
        """Who holds the lock, or held it when a machine or a process died; None when nobody."""
        try:
            with open(self._note, encoding="utf-8") as file:
                return Owner(**json.load(file))
        # TypeError: another version of rbsync may write other fields. The note is only for people.
        except (OSError, ValueError, TypeError):
            return None

    def is_held(self) -> bool:
        """Tells whether the one whom `owner` names still holds the lock.

        A look, not a wait: for a moment it shares the lock, where nobody has it alone.
        """
        try:
            descriptor = os.open(self._lock, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False

    def break_open(self) -> None:
        """Takes the lock from its holder, who keeps a file that no longer has a name."""
        # The holder still has the old file and its lock. New writers make a file of their own, and
        # the epoch keeps the old holder from writing.
        for path in (self._note, self._lock):
            with suppress(FileNotFoundError):
                os.remove(path)

    def _write(self, owner: Owner) -> None:
        # The one who waits reads the note at any moment, and must not find half of it.
        draft = self._note + ".new"
        with open(draft, "w", encoding="utf-8") as file:
            json.dump(asdict(owner), file)
        os.replace(draft, self._note)

    def _remove(self, owner: Owner) -> None:
        # After the lock was taken away the note is the next owner's.
        if self.owner() == owner:
            with suppress(OSError):
                os.remove(self._note)
