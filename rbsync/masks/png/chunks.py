"""The chunks of a PNG, and whether they are whole and in their places.

Source: PNG specification (third edition), sections 5.3 to 5.6.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from rbsync.masks.png.header import SIGNATURE

_HEAD = struct.Struct(">I4s")
_CHECKSUM = struct.Struct(">I")

_FOLLOWERS = {
    b"": (b"IHDR",),
    b"IHDR": (b"PLTE", b"IDAT"),
    b"PLTE": (b"IDAT",),
    b"IDAT": (b"IDAT", b"IEND"),
}
"""What may come after a critical chunk when the ancillary ones are left out."""

_NOTES = (b"IHDR", b"eXIf", b"iTXt", b"tEXt", b"zTXt")
_NO_PIXELS = struct.pack(">I4sI", 0, b"IDAT", zlib.crc32(b"IDAT"))


class Chunk(NamedTuple):
    """A chunk and the byte of the file at which it begins; ``raw`` is all of it."""

    at: int
    kind: bytes
    raw: memoryview

    @property
    def data(self) -> memoryview:
        return self.raw[_HEAD.size : -_CHECKSUM.size]

    @property
    def is_critical(self) -> bool:
        return self.kind[:1].isupper()

    @property
    def is_whole(self) -> bool:
        """Tells whether its kind and data are those that its checksum was made of."""
        (checksum,) = _CHECKSUM.unpack(self.raw[-_CHECKSUM.size :])
        return zlib.crc32(self.raw[4 : -_CHECKSUM.size]) == int(checksum)


class Content(NamedTuple):
    """The colours of the palette, empty where there is none, and the pixels, still compressed.

    ``transparency`` is the chunk that makes colours transparent, empty where there is none.
    """

    palette: bytes
    pixels: memoryview
    transparency: bytes = b""


def chunks(data: bytes) -> Iterator[Chunk]:
    """All chunks to the last one, unchecked. Raises ValueError where the file ends before."""
    view, at, kind = memoryview(data), len(SIGNATURE), b""
    while kind != b"IEND":
        if at + _HEAD.size > len(data):
            raise ValueError(f"it ends at byte {len(data):,}, without its last chunk")
        length, kind = _HEAD.unpack_from(data, at)
        end = at + _HEAD.size + length + _CHECKSUM.size
        if end > len(data):
            raise ValueError(f"it ends at byte {len(data):,}, within a chunk")
        yield Chunk(at, kind, view[at:end])
        at = end


def without_pixels(data: bytes) -> bytes:
    """A PNG of the header and the notes of this one, and no pixels.

    Notes that follow the pixels stand before their place, where they are found without decoding.
    Raises ValueError where the file ends too early.
    """
    kept = b"".join(one.raw for one in chunks(data) if one.kind in _NOTES)
    return SIGNATURE + kept + _NO_PIXELS


def read_content(data: bytes) -> Content:
    """Returns what the critical chunks hold. Raises ValueError for a chunk that is damaged or
    misplaced.

    Pillow gets to see nothing else: it believes a second header, ends in errors of all kinds
    for ancillary chunks that are odd, and looks at few of the checksums.
    """
    palette, pixels, last, transparency = b"", [], b"", b""
    for one in chunks(data):
        # Pillow passes over many wrong checksums. A mask with one flipped byte would have other
        # classes and be sent.
        if not one.is_whole:
            raise ValueError(f"the checksum of the chunk at byte {one.at:,} does not fit")
        if one.kind == b"tRNS":
            transparency = transparency or bytes(one.data)
        if not one.is_critical:
            continue
        # A second palette or header is how two programs come to see two pictures in one file.
        if one.kind not in _FOLLOWERS[last]:
            raise ValueError(_misplaced(one, last))
        if one.kind == b"PLTE":
            palette = bytes(one.data)
        elif one.kind == b"IDAT":
            pixels.append(one.data)
        last = one.kind
    packed = pixels[0] if len(pixels) == 1 else memoryview(b"".join(pixels))
    return Content(palette, packed, transparency)


def _misplaced(one: Chunk, last: bytes) -> str:
    expected = " or ".join(kind.decode() for kind in _FOLLOWERS[last])
    kind = one.kind.decode("latin-1")
    return f"it has the chunk {kind!r} at byte {one.at:,}, where {expected} belongs"
