"""The facts of a local file: what tells its versions apart, and what its content was read as."""

from __future__ import annotations

import os
from array import array
from collections.abc import Mapping, Sequence
from typing import NamedTuple

UNSEEN = 255
"""The kind's code of a file that has not been hashed, or whose hash may not be trusted."""

BUFFER = 1 << 20
"""Bytes that are read at once."""

DIGEST_SIZE = {"xxh3": 16, "sha256": 32}
_TOO_LARGE = 1 << 63


class Stat(NamedTuple):
    """The facts that tell one version of a file from another without reading it; times in ns."""

    size: int
    mtime: int
    ctime: int
    inode: int


class Hashed(NamedTuple):
    """A file that was read: its stat from before, its digest, its kind's code, and when (ns).

    The code has the bit `BROKEN` for a file that no decoder can read whole.
    """

    stat: Stat
    digest: bytes
    kind: int
    at: int


class Answers(NamedTuple):
    """The answers about some files, in their order; packed, for there may be a million.

    ``stats`` has the numbers of a `Stat` of each, ``at`` when it was read (ns). A file that could
    not be read is among the ``errors`` by its position, and its kind is `UNSEEN`.
    """

    stats: array[int]
    digests: bytes | bytearray
    kinds: bytes | bytearray
    at: array[int]
    errors: Mapping[int, OSError]

    @classmethod
    def of(cls, answers: Sequence[Hashed | OSError], width: int) -> Answers:
        """Packs answers about single files; ``width`` is the length of a digest in bytes."""
        missing = Hashed(Stat(0, 0, 0, 0), bytes(width), UNSEEN, 0)
        hashed = [missing if isinstance(one, OSError) else one for one in answers]
        return cls(
            array("q", [number for one in hashed for number in one.stat]),
            b"".join([one.digest for one in hashed]),
            bytes([one.kind for one in hashed]),
            array("q", [one.at for one in hashed]),
            {at: one for at, one in enumerate(answers) if isinstance(one, OSError)},
        )


class ChangingError(OSError):
    """A file was written to while it was read."""


def stat_of(result: os.stat_result) -> Stat:
    """The part of a stat that tells versions of a file apart, each number one of 64 bits."""
    return clipped(Stat(result.st_size, result.st_mtime_ns, result.st_ctime_ns, result.st_ino))


def clipped(found: Stat) -> Stat:
    """A stat that fits: times outside of 1677 to 2262 are at that end, of an inode the low bits are
    kept.
    """
    # File systems of some network stores have inodes of 64 unsigned bits, and SQLite and arrays
    # have signed ones.
    least, most = -_TOO_LARGE, _TOO_LARGE - 1
    if max(found) <= most and min(found) >= least:
        return found
    mtime, ctime = (max(least, min(one, most)) for one in (found.mtime, found.ctime))
    return Stat(found.size, mtime, ctime, found.inode & most)
