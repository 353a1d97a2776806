"""The facts of a local file: what tells its versions apart, and what its content was read as."""

from __future__ import annotations

import os
from typing import NamedTuple

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


class ChangingError(OSError):
    """A file was written to while it was read."""


def stat_of(result: os.stat_result) -> Stat:
    """The part of a stat that tells versions of a file apart, each number one of 64 bits."""
    return clipped(Stat(result.st_size, result.st_mtime_ns, result.st_ctime_ns, result.st_ino))


def clipped(found: Stat) -> Stat:
    """A stat that fits: times after 2262 are at its end, of an inode the low bits are kept."""
    # File systems of some network stores have inodes of 64 unsigned bits, and SQLite and arrays
    # have signed ones.
    if max(found) < _TOO_LARGE:
        return found
    most = _TOO_LARGE - 1
    mtime, ctime = min(found.mtime, most), min(found.ctime, most)
    return Stat(found.size, mtime, ctime, found.inode & most)
