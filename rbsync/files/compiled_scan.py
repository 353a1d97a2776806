"""The compiled listing of folders and hashing of small files, when this machine has them.

They release the interpreter lock, so that threads list and hash side by side.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import threading
from array import array
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from rbsync.files import wanted
from rbsync.files.file_facts import UNSEEN, Answers, Hashed

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
        library.hash_files.restype = ctypes.c_int64
        library.hash_rest.restype = ctypes.c_int
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


UNSURE = 254
"""The kind's code of a file that is left in the room, to be looked at."""


class KnownKind(NamedTuple):
    """A kind by its code: the first bytes of its files, and the address of who walks them.

    The address is 0 where nobody need tell whether a file is whole.
    """

    code: int
    start: bytes
    walk: int


class _Known(ctypes.Structure):
    _fields_ = (
        ("length", ctypes.c_int64),
        ("start", ctypes.c_ubyte * 8),
        ("code", ctypes.c_int64),
        ("walk", ctypes.c_void_p),
    )


def table_of(kinds: Sequence[KnownKind]) -> Any:
    """The kinds as `hash_listed` takes them."""
    room = _Known * len(kinds)
    return room(
        *(
            _Known(len(one.start), (ctypes.c_ubyte * 8)(*one.start), one.code, one.walk)
            for one in kinds
        )
    )


class Columns(NamedTuple):
    """The answers about some files in the making, with as many rows as there are files."""

    stats: array[int]
    digests: bytearray
    kinds: bytearray
    at: array[int]

    @classmethod
    def of(cls, count: int, width: int) -> Columns:
        """Empty rows; ``width`` is the length of a digest in bytes."""
        stats, at = array("q", bytes(32 * count)), array("q", bytes(8 * count))
        return cls(stats, bytearray(width * count), bytearray([UNSEEN]) * count, at)

    def size(self, row: int) -> int:
        """The size of a file; -1 for one that was not to be had."""
        return self.stats[4 * row]

    def put_digest(self, row: int, digest: bytes) -> None:
        width = len(digest)
        self.digests[row * width : row * width + width] = digest

    def answers(self, others: Mapping[int, Hashed | OSError]) -> Answers:
        """All answers, with those about files that were read by themselves."""
        errors: dict[int, OSError] = {}
        for row, one in others.items():
            if isinstance(one, OSError):
                self.kinds[row] = UNSEEN
                self.stats[4 * row] = 0
                errors[row] = one
                continue
            self.stats[4 * row : 4 * row + 4] = array("q", one.stat)
            self.put_digest(row, one.digest)
            self.kinds[row], self.at[row] = one.kind, one.at
        return Answers(*self, errors)


def hash_listed(
    descriptor: int,
    names: bytes,
    room: tuple[int, int],
    known: Any,
    columns: Columns,
    begin: int,
    *,
    digests: bool,
) -> int:
    """Reads files of an open folder, and returns of how many it did; their rows begin at one.

    ``names`` end in NUL. Without ``digests`` none is hashed. Files of kinds that are not ``known``
    are left in the room (an address and its size), one behind the other, as `UNSURE`. The size of
    one that is not to be had so is -1: it may be gone, empty, no plain file, too large, or be
    written to meanwhile. Raises UnwantedError.
    """
    width = len(columns.digests) // len(columns.kinds)
    done: int = _library().hash_files(
        descriptor,
        names,
        ctypes.c_int64(len(columns.kinds) - begin),
        known,
        ctypes.c_int64(len(known)),
        ctypes.c_void_p(room[0]),
        ctypes.c_int64(room[1]),
        ctypes.c_void_p(columns.stats.buffer_info()[0] + 32 * begin),
        (ctypes.c_byte * 0).from_buffer(columns.digests, width * begin) if digests else None,
        (ctypes.c_byte * 0).from_buffer(columns.kinds, begin),
        _flag(),
    )
    wanted.check()
    return done


def hash_rest(
    descriptor: int, size: int, room: tuple[int, int], walk: tuple[int, Any]
) -> tuple[bytes, int] | None:
    """XXH3 of an open file of ``size`` bytes, of which the first are in the room; and what its walk
    came to.

    The room is an address and the bytes there: a multiple of 1,024, and at least 256 KiB. The walk
    is the address of a function over pieces, and its own room; 0 for none. None stands for a file
    that has become shorter. Raises OSError when it cannot be read, and UnwantedError.
    """
    digest = ctypes.create_string_buffer(16)
    state = ctypes.c_int(0)
    failed = _library().hash_rest(
        descriptor,
        ctypes.c_int64(size),
        ctypes.c_void_p(room[0]),
        ctypes.c_int64(room[1]),
        ctypes.c_void_p(walk[0]),
        walk[1],
        ctypes.byref(state),
        digest,
        _flag(),
    )
    wanted.check()
    if failed > 0:
        raise OSError(failed, os.strerror(failed))
    return None if failed else (digest.raw, state.value)


def _flag() -> Any:
    flag = wanted.flag()
    return None if flag is None else ctypes.byref(flag)


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
