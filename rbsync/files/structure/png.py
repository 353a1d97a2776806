"""The structure of a PNG: its chunks, up to IEND.

Source: PNG specification (third edition), sections 5.2 to 5.6. Bytes after IEND are legal, and a
wrong checksum of an ancillary chunk stops no decoder, so that neither is a fault.
"""

from __future__ import annotations

import zlib

from rbsync.files.structure.span import BrokenError, Span

_SIGNATURE = 8
_FRAME = 12
"""The bytes of a chunk beside its data: length, kind, checksum."""


def check(span: Span) -> None:
    """Raises BrokenError for a PNG that is cut off, or whose critical chunks are damaged."""
    offset, seen = _SIGNATURE, set[bytes]()
    while b"IEND" not in seen:
        if offset >= span.size:
            raise BrokenError("it is cut off: the chunk IEND, which ends a PNG, is missing")
        length, kind = span.unpack(">I4s", offset)
        # Of bytes, isalpha means the letters of ASCII.
        if not kind.isalpha():
            raise BrokenError(f"what stands at byte {offset:,} is no chunk of a PNG")
        if offset + _FRAME + length > span.size:
            span.need(offset + _FRAME + length, f"its chunk {kind.decode()}")
        _check_chunk(span, offset, length, kind, first=not seen)
        seen.add(kind)
        offset += _FRAME + length
    if b"IDAT" not in seen:
        raise BrokenError("it has no pixels: the chunk IDAT is missing")


def _check_chunk(span: Span, offset: int, length: int, kind: bytes, *, first: bool) -> None:
    if first and (kind != b"IHDR" or length != 13):
        raise BrokenError("it does not begin with the chunk IHDR")
    if first and not all(span.unpack(">II", offset + 8)):
        raise BrokenError("its width or height is 0")
    # A decoder that needs no ancillary chunk is not stopped by a damaged one.
    if kind[:1].isupper() and not _is_whole(span, offset, length):
        raise BrokenError(f"its chunk {kind.decode()} at byte {offset:,} is damaged")


def _is_whole(span: Span, offset: int, length: int) -> bool:
    checksum = 0
    for piece in span.pieces(offset + 4, offset + 8 + length):
        checksum = zlib.crc32(piece, checksum)
    return bool(span.unpack(">I", offset + 8 + length) == (checksum,))
