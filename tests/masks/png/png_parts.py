"""PNGs put together from their chunks, so that each can be wrong by itself."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png_chunk(kind: bytes, data: bytes = b"") -> bytes:
    """A chunk of a PNG: its length, kind, data and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def ihdr(
    width: int, height: int, depth: int = 8, colour_type: int = 2, interlace: int = 0
) -> bytes:
    """The chunk of the header."""
    fields = (width, height, depth, colour_type, 0, 0, interlace)
    return png_chunk(b"IHDR", struct.pack(">IIBBBBB", *fields))


def idat(*rows: bytes) -> bytes:
    """The chunk of the pixels: rows without prediction."""
    return png_chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))


IEND = png_chunk(b"IEND")


def put_together(*chunks: bytes) -> bytes:
    """A PNG of these chunks and the last one."""
    return SIGNATURE + b"".join(chunks) + IEND


def header_only(width: int, height: int, depth: int = 8, colour_type: int = 2) -> bytes:
    """A PNG that promises much and holds nothing."""
    return SIGNATURE + ihdr(width, height, depth, colour_type)
