"""The compiled listing of folders and reading of small files, when this machine has them.

They release the interpreter lock, so that threads list and read side by side.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import threading
from array import array
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

_TOO_SMALL = -1
_SMALLEST = 1 << 12


class Scanned(NamedTuple):
    """A folder: the names of files joined by NUL, four integers for each, and what else there is.

    ``rest`` are a kind (d, l or o) and a name each, and of links the target.
    """

    names: bytes
    stats: array[int]
    rest: list[bytes]


@cache
def _library() -> Any:
    """The library; None where it was not built."""
    spec = importlib.util.find_spec(f"{__package__}._scan")
    if spec is None or not spec.origin:
        return None
    try:
        library = ctypes.CDLL(spec.origin)
        library.scan_folder.restype = ctypes.c_int
        library.read_files.restype = ctypes.c_int64
    except (OSError, AttributeError):
        return None
    return library


def available() -> bool:
    """Tells whether there is a compiled listing."""
    return _library() is not None


class _Room(threading.local):
    """The buffers of a thread, as large as the largest folder so far."""

    def __init__(self) -> None:
        self.make(_SMALLEST)

    def make(self, files: int) -> None:
        """Makes buffers for so many files of names of common length."""
        self.files = files
        self.names = ctypes.create_string_buffer(64 * files)
        self.rest = ctypes.create_string_buffer(64 * files)
        self.stats = (ctypes.c_int64 * (4 * files))()
        self.lengths = (ctypes.c_int64 * 3)()


_room = _Room()


def scan_folder(descriptor: int) -> Scanned:
    """Lists an open folder. Raises OSError when it cannot be read to its end."""
    room = _room
    while (failed := _scan(descriptor, room)) == _TOO_SMALL:
        room.make(2 * room.files)
    if failed:
        raise OSError(failed, os.strerror(failed))
    count, names, rest = room.lengths
    stats = array("q")
    stats.frombytes(memoryview(room.stats).cast("B")[: 32 * count])
    others = bytes(memoryview(room.rest)[:rest]).split(b"\0")[:-1]
    return Scanned(bytes(memoryview(room.names)[: max(0, names - 1)]), stats, others)


TOGETHER = 64
"""Files that are read by one call, at most."""


def read_files(
    descriptor: int, names: Sequence[str], address: int, size: int
) -> list[tuple[int, int, int, int]]:
    """Reads files of an open folder into a buffer, one behind the other, for as long as they fit.

    Returns the size, mtime, ctime and inode of each. The size of one that is not to be had so is
    -1: it may be gone, empty, no plain file, too large, or be written to meanwhile. The buffer of
    ``size`` bytes lies at the address.
    """
    stats = (ctypes.c_int64 * (4 * len(names)))()
    text = "\0".join((*names, "")).encode("utf-8", "surrogateescape")
    room, most = ctypes.c_void_p(address), ctypes.c_int64(size)
    done = _library().read_files(descriptor, text, ctypes.c_int64(len(names)), room, most, stats)
    numbers = iter(stats[: 4 * done])
    return list(zip(numbers, numbers, numbers, numbers, strict=True))


def _scan(descriptor: int, room: _Room) -> int:
    found: int = _library().scan_folder(
        descriptor,
        room.names,
        ctypes.c_int64(64 * room.files),
        room.stats,
        ctypes.c_int64(room.files),
        room.rest,
        ctypes.c_int64(64 * room.files),
        room.lengths,
    )
    return found
