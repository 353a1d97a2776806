"""Hash files: in bounded memory, several at once, and only what holds still meanwhile."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import NamedTuple

import xxhash

from rbsync.files import wanted
from rbsync.files.compiled_scan import available, hash_rest
from rbsync.files.file_facts import BUFFER, ChangingError, Hashed, stat_of
from rbsync.files.kinds import BROKEN, CODES, EMPTY, HEAD, KINDS, PNG, sniff
from rbsync.files.readiness import ALWAYS, NotReadyError, Readiness
from rbsync.files.roots import Roots
from rbsync.files.structure import Span, is_broken
from rbsync.files.structure.compiled_walk import PngWalk, address_of, is_whole
from rbsync.model.bucket_paths import is_bucket
from rbsync.model.fingerprint import Algorithm, new_hasher

_BLOCK = 512  # bytes, whatever the disk's own blocks are
_HOLLOW = 4 << 30
_DENSEST = 1000
_PNG = CODES[PNG]


class _Buffer(threading.local):
    """This thread's reading buffer; a new one for every file costs more than the reading."""

    # One for each thread, for threads hash side by side.
    def __init__(self) -> None:
        room = bytearray(BUFFER)
        self.view = memoryview(room)
        self.address = address_of(room)


buffer = _Buffer()


def hash_files(
    roots: Roots, folder: str, names: Sequence[str], algorithm: Algorithm
) -> list[Hashed | OSError]:
    """Hashes files of one folder; what went wrong with one is its own answer.

    Depends on nothing but its arguments and the disk, so that any executor may run it.
    """
    if is_bucket(folder):
        return [_hash_object(roots, f"{folder}/{name}", algorithm) for name in names]
    prefix = f"{folder}/" if folder else ""
    try:
        # A plan that takes what an upload refuses would fail only when it is applied.
        descriptor = roots.open_folder(folder, of_data=True)
    except OSError as error:
        return [error] * len(names)
    try:
        return [
            _hash_or_error(descriptor, name, algorithm, _Asked(roots.readiness, f"{prefix}{name}"))
            for name in names
        ]
    finally:
        os.close(descriptor)


class _Asked(NamedTuple):
    """Who is asked about a file before it is read, and the file's path."""

    readiness: Readiness
    path: str

    def check(self, descriptor: int) -> None:
        """Raises NotReadyError when the file is not finished."""
        objection = self.readiness.before_reading(descriptor, self.path)
        if objection:
            raise NotReadyError(objection)


def _hash_or_error(folder: int, name: str, algorithm: Algorithm, asked: _Asked) -> Hashed | OSError:
    wanted.check()
    try:
        return _hash_at(folder, name, algorithm, asked)
    except OSError as error:
        # A burst of 50,000 files that are being written is as many errors, and the frames that each
        # was raised in would take three kilobytes of every one.
        return error.with_traceback(None)


def _hash_at(folder: int, name: str, algorithm: Algorithm, asked: _Asked) -> Hashed:
    # O_NONBLOCK, or opening a pipe that somebody left in the folder would wait for ever.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    started = time.time_ns()
    # Relative to the open folder: a folder that is swapped for a link meanwhile leads nowhere.
    return _hash_open(os.open(name, flags, dir_fd=folder), name, algorithm, asked, started)


def _hash_object(roots: Roots, path: str, algorithm: Algorithm) -> Hashed | OSError:
    """Hashes an object of a bucket, of which nobody but its service knows writers."""
    started = time.time_ns()
    try:
        return _hash_open(roots.open_file(path), path, algorithm, _Asked(ALWAYS, path), started)
    except OSError as error:
        return error.with_traceback(None)


def _hash_open(
    descriptor: int, name: str, algorithm: Algorithm, asked: _Asked, started: int
) -> Hashed:
    """Hashes an open file, and closes it."""
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise OSError(f"{name} is not a regular file")
        asked.check(descriptor)
        _refuse_hollow(before, name)
        digest, kind = _read(descriptor, before.st_size, algorithm, name)
        # A mixture of two versions has a digest that no file ever has again: it would be sent, and
        # sent again in the next run.
        if stat_of(before) != stat_of(os.fstat(descriptor)):
            raise ChangingError(f"{name} was written to while it was read")
        return Hashed(stat_of(before), digest, kind, started)
    finally:
        os.close(descriptor)


def _refuse_hollow(found: os.stat_result, name: str) -> None:
    """Raises OSError for a huge file of which next to nothing is stored."""
    # A terabyte of nothing costs a stranger a kilobyte, and us a quarter of an hour. Disks that
    # compress store little of a plain file too, but a thousandth of an image is no image.
    stored = getattr(found, "st_blocks", found.st_size) * _BLOCK
    if found.st_size >= _HOLLOW and stored * _DENSEST < found.st_size:
        gib = f"{found.st_size / (1 << 30):,.0f} GiB"
        raise OSError(f"{name} has {gib}, of which {stored >> 10:,} KiB are stored: it is hollow")


def _read(descriptor: int, size: int, algorithm: Algorithm, name: str) -> tuple[bytes, int]:
    view = buffer.view
    got = os.readv(descriptor, [view])
    kind = CODES[sniff(bytes(view[: min(got, HEAD)]))]
    # Most files of a dataset fit into one buffer, and then one call does for reading and one for
    # hashing.
    if got == size and size:
        head = view[:got]
        flag = flag_of(kind, descriptor, size, head, buffer.address)
        return digest_of(head, algorithm), kind | flag
    walk = PngWalk() if kind == _PNG else None
    if algorithm == "xxh3" and got == BUFFER < size and available():
        digest = _hash_rest(descriptor, size, walk, name)
    else:
        digest = _hash_pieces(descriptor, got, walk, algorithm)
    # What the system makes up says that it has no bytes, and has some.
    if not size:
        return digest, CODES[EMPTY]
    if walk and walk.is_whole:
        return digest, kind
    return digest, kind | flag_of(kind, descriptor, size)


def _hash_rest(descriptor: int, size: int, walk: PngWalk | None, name: str) -> bytes:
    """Hashes a large file, whose beginning is in the buffer, without the interpreter."""
    # With it threads wait for each other at every piece, of which two of them need twenty a
    # millisecond.
    found = hash_rest(
        descriptor, size, (buffer.address, BUFFER), walk.for_compiled() if walk else (0, None)
    )
    if found is None:
        raise ChangingError(f"{name} was written to while it was read")
    digest, state = found
    if walk:
        walk.conclude(state)
    return digest


def _hash_pieces(descriptor: int, got: int, walk: PngWalk | None, algorithm: Algorithm) -> bytes:
    """Hashes a file whose beginning is in the buffer, piece by piece to its end."""
    hasher = new_hasher(algorithm)
    while got:
        wanted.check()
        hasher.update(buffer.view[:got])
        if walk:
            walk.feed(buffer.address, got)
        got = os.readv(descriptor, [buffer.view])
    digest: bytes = hasher.digest()
    return digest


def digest_of(data: memoryview, algorithm: Algorithm) -> bytes:
    """Returns the digest of a whole file."""
    if algorithm == "xxh3":
        return xxhash.xxh3_128_digest(data)
    return sha256(data).digest()


def flag_of(
    kind: int, descriptor: int, size: int, head: memoryview | None = None, address: int = 0
) -> int:
    """The bit beside a kind's code that says whether a file that was just read is broken.

    ``head`` is the whole file, where that is in memory, at an ``address``.
    """
    # A photograph is read and hashed in some 30 us. The compiled walk takes 2 of them, and the
    # other one, which makes objects on its way, 10 and more.
    if head is not None and is_whole(kind, address, size):
        return 0
    span = Span(descriptor, size) if head is None else Span(descriptor, size, head)
    return BROKEN if is_broken(KINDS[kind], span) else 0


Progress = Callable[[int, int], None]
"""Called with the files and bytes that were done since the last call."""
