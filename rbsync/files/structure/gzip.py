"""The structure of a gzip file, and of the NIfTI file in it.

Source: RFC 1952. A file may have several members, and zeros may pad it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from rbsync.files.structure.nifti import HEADER, needed
from rbsync.files.structure.span import BrokenError, Span, most_unpacked, refuse_impossible

_MEMBER = 31
"""What tells zlib to expect a gzip header and to check the sum and length at the end."""

_AT_ONCE = 1 << 20
# Bytes that may follow the voxels. More is no scan, and unpacking it may have no end.
_SPARE = 64 << 20


def check(span: Span) -> None:
    """Raises BrokenError for what is cut off or damaged, and for what holds no NIfTI file."""
    start = b""
    size = 0
    most = HEADER
    wanted: int | None = None
    for piece in _unpacked(span):
        size += len(piece)
        if wanted is None:
            start += piece
            if len(start) < HEADER:
                continue
            wanted = _wanted(start, span)
            most = wanted + _SPARE
        if most_unpacked(span.size) < size <= most:
            return
        if size > most:
            raise BrokenError(
                f"more than {most:,} bytes are packed in it, and its header says less"
            )
    if wanted is None:
        wanted = _wanted(start, span)
    if size < wanted:
        raise BrokenError(f"its voxels need {wanted:,} bytes, and {size:,} are packed in it")


def _wanted(start: bytes, span: Span) -> int:
    """The bytes that a file with this beginning has, unpacked. Raises BrokenError."""
    wanted = needed(start)
    refuse_impossible(wanted, span.size)
    return wanted


def _unpacked(span: Span) -> Iterator[bytes]:
    """Yields what is packed, a bounded piece at a time."""
    member = zlib.decompressobj(_MEMBER)
    begun = True
    for piece in span.pieces(0, span.size):
        data = piece
        while data:
            if not begun:
                data = data.lstrip(b"\0")
                if not data:
                    break
                member, begun = zlib.decompressobj(_MEMBER), True
            try:
                yield member.decompress(data, _AT_ONCE)
            except zlib.error as error:
                raise BrokenError(f"it cannot be unpacked ({error})") from error
            data = member.unconsumed_tail
            if member.eof:
                data, begun = member.unused_data, False
    if begun:
        raise BrokenError("it is cut off: what is packed in it does not come to its end")
