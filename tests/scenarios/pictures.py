"""Small pictures, each different from the others."""

from __future__ import annotations

import struct
import zlib


def png(number: int) -> bytes:
    """A real 2 x 2 PNG; other numbers give other pixels."""
    colour = struct.pack(">I", number)[1:]
    rows = b"".join(b"\0" + colour * 2 for _ in range(2))
    parts = (
        _chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)),
        _chunk(b"IDAT", zlib.compress(rows)),
        _chunk(b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum
