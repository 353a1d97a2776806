"""A file's bytes by their offset, and the error of a file that is broken."""

from __future__ import annotations

import os
import struct
from typing import Any

from rbsync.files import wanted

PIECE = 1 << 20

_MOST_UNPACKED = 1 << 30
_MOST_RATIO = 100
_BEST_RATIO = 1032
"""Deflate packs no more bytes than these into one."""


class BrokenError(Exception):
    """A file that no decoder can read whole; ``hint`` is the next step."""

    def __init__(self, message: str, hint: str = "copy or export the file again") -> None:
        super().__init__(message)
        self.hint = hint


def most_unpacked(packed: int) -> int:
    """The bytes that are unpacked of so many to see whether a file is whole.

    A megabyte may hold a gigabyte of zeros, and a label map of that ratio is no mistake: what lies
    behind is not looked at.
    """
    return max(_MOST_UNPACKED, _MOST_RATIO * packed)


def refuse_impossible(wanted: int, packed: int) -> None:
    """Raises BrokenError where so many packed bytes cannot hold what is wanted."""
    if wanted > _BEST_RATIO * packed:
        raise BrokenError(
            f"its voxels need {wanted:,} bytes, and {packed:,} packed ones cannot hold so many"
        )


class Span:
    """An open file of a fixed size, whose first bytes may be in memory already.

    What was just read to be hashed need not be read twice: that makes the check of a small file
    almost free.
    """

    def __init__(self, descriptor: int, size: int, head: bytes | memoryview = b"") -> None:
        """``head`` is the file's beginning, of any length; ``size`` is in bytes.

        Of a file that is in memory whole the descriptor is not used.
        """
        self._descriptor = descriptor
        self._head = memoryview(head)
        self.size = size

    def at(self, offset: int, length: int) -> bytes:
        """The bytes from an offset, fewer where the file ends. Raises OSError."""
        if offset + length <= len(self._head) or len(self._head) == self.size:
            return bytes(self._head[offset : offset + length])
        # Of a large file thousands of pieces may be looked through.
        wanted.check()
        return os.pread(self._descriptor, max(0, min(length, self.size - offset)), offset)

    def unpack(self, form: str, offset: int) -> tuple[Any, ...]:
        """The numbers that stand at an offset. Raises BrokenError where the file ends before."""
        length = struct.calcsize(form)
        # Asked some ten times for every file of a dataset, most of which are in memory whole.
        if 0 <= offset <= len(self._head) - length:
            return struct.unpack_from(form, self._head, offset)
        data = self.at(offset, length)
        if len(data) < length:
            raise BrokenError(f"it ends after {self.size:,} bytes, in the middle of a header")
        return struct.unpack(form, data)

    def pieces(self, start: int, end: int) -> Any:
        """The bytes between two offsets, a piece at a time."""
        if end <= len(self._head):
            yield self._head[start:end]
            return
        for offset in range(start, end, PIECE):
            yield self.at(offset, min(PIECE, end - offset))

    def need(self, end: int, what: str) -> None:
        """Raises BrokenError unless the file reaches to an offset; ``what`` ends there."""
        if end > self.size:
            raise BrokenError(
                f"it is cut off: {what} would end at byte {end:,}, and the file has {self.size:,}"
            )
