"""Writing that is on the disk when it is said to be, hashing of what is there, and copying.

Where the file system can share blocks between files, a copy is a clone and costs no space;
the clone is hashed itself, because the file may change between the cloning and the reading.
Elsewhere the bytes that are hashed are the bytes that are written. A copy inside the kernel
would have to be read again to be hashed, which costs more than it saves.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable, Collection
from functools import cache

from rbsync.backends.base import Body
from rbsync.errors import BackendError
from rbsync.model.fingerprint import Algorithm, new_hasher

BUFFER = 1 << 20


def sync_folder(path: str) -> None:
    """Makes the names in a folder durable, where the system lets folders be opened."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# A group of fewer files costs less by itself than a look at how much others have written.
_MANY = 8
# KiB of all programs together; a gigabyte of somebody else's would be waited for too.
_MOST_DIRTY = 64 << 10
# Linux before that keeps to itself that a page could not be written.
_TELLS_ERRORS = (5, 8)


def sync_together(paths: Collection[str], disk: int) -> None:
    """Makes the content of files, or the names in folders, durable: all when it returns.

    ``disk`` is a descriptor on the same file system, opened before they were written to.
    Raises OSError.
    """
    if len(paths) >= _MANY and _is_calm() and (sync := _sync_disk()) is not None:
        if sync(disk):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return
    # Writing begins for all before one is waited for, so that the disk gets them in one go.
    descriptors: list[int] = []
    try:
        for path in paths:
            descriptors.append(os.open(path, os.O_RDONLY))
            if hasattr(os, "posix_fadvise"):
                os.posix_fadvise(descriptors[-1], 0, 0, os.POSIX_FADV_DONTNEED)
        for one in descriptors:
            os.fsync(one)
    finally:
        for one in descriptors:
            os.close(one)


@cache
def _sync_disk() -> Callable[[int], int] | None:
    """The call that writes all of a file system; None where it does not tell of its errors."""
    release = re.match(r"(\d+)\.(\d+)", os.uname().release) if hasattr(os, "uname") else None
    if release is None or tuple(map(int, release.groups())) < _TELLS_ERRORS:
        return None
    call: Callable[[int], int] | None = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    return call


def _is_calm() -> bool:
    """Tells whether next to nothing of others waits to be written."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            found = re.findall(r"^(?:Dirty|Writeback): +(\d+)", file.read(), re.MULTILINE)
    except OSError:
        return False
    return bool(found) and sum(map(int, found)) <= _MOST_DIRTY


def make_folder(path: str) -> None:
    """Makes a folder and its parents; each is durable when this returns."""
    if os.path.isdir(path):
        return
    parent = os.path.dirname(path)
    if parent:
        make_folder(parent)
    try:
        os.mkdir(path)
    # Another worker made it first.
    except FileExistsError:
        if not os.path.isdir(path):
            raise
    # Each new folder in its parent: of a path of three new folders, two could be missing after a
    # power cut.
    sync_folder(parent or ".")


def write_all(descriptor: int, data: bytes) -> None:
    """Writes every byte, as one call need not."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def hash_of(descriptor: int, algorithm: Algorithm) -> str:
    """The content identity of an open file's bytes, from the first to the last."""
    hasher = new_hasher(algorithm)
    at = 0
    while data := os.pread(descriptor, BUFFER, at):
        hasher.update(data)
        at += len(data)
    return f"{algorithm}:{hasher.hexdigest()}"


try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

FICLONE = 0x40049409
# Bytes. File systems keep smaller files in less than a block, which cannot be shared.
WORTH_CLONING = 1 << 16

Clone = Callable[[int, int], bool]
"""Makes the file of the first descriptor a clone of the second's; False where it cannot."""


def reflink(target: int, source: int) -> bool:
    """Clones by sharing blocks, as Btrfs, XFS and others can."""
    if fcntl is None:
        return False
    try:
        fcntl.ioctl(target, FICLONE, source)
    # Across file systems, on old ones, and in containers that forbid it. All of these copy instead.
    except OSError:
        return False
    return True


def copy(body: Body, target: int, algorithm: Algorithm, clone: Clone = reflink) -> str:
    """Fills an empty file with the body's bytes; returns their content identity.

    Raises OSError, and BackendError of the kind ``changed`` when the file became shorter.
    """
    body.rewind()
    if body.size >= WORTH_CLONING and clone(target, body.fileno()):
        while body.read(BUFFER):
            pass
        content = _content(body)
        # The file may have been written to between the clone and the reading. Then the clone is
        # another file than the one that was hashed.
        if hash_of(target, algorithm) == content:
            return content
        os.ftruncate(target, 0)
        os.lseek(target, 0, os.SEEK_SET)
        body.rewind()
    while data := body.read(BUFFER):
        write_all(target, data)
    return _content(body)


def _content(body: Body) -> str:
    try:
        return body.content()
    except ValueError as error:
        hint = "something writes to the file; run again when it is complete"
        message = f"{body.name} became shorter while it was read"
        raise BackendError(message, kind="changed", hint=hint) from error
