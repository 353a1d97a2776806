"""The header of a PNG: the size and the kind of its pixels.

Source: PNG specification (third edition), section 11.2.1.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

from rbsync.masks.error import MaskError

SIGNATURE = b"\x89PNG\r\n\x1a\n"

GREY, PALETTE = 0, 3  # two of the colour types

_START = struct.Struct(">8sI4sIIBBBBBI")
_LENGTH = 13


class PngHeader(NamedTuple):
    """Width and height in pixels, bits a channel, and the colour type of the specification."""

    width: int
    height: int
    bit_depth: int
    colour_type: int
    interlaced: bool = False

    @property
    def pixels(self) -> int:
        return self.width * self.height


def read_header(data: bytes, *, file: str = "") -> PngHeader:
    """The header of a PNG, without decoding it. Raises MaskError when it is not one."""
    # So far as there are bytes: a file that was cut in its signature is damaged, not another kind.
    if not SIGNATURE.startswith(data[: len(SIGNATURE)]):
        raise _not_png(file)
    if len(data) < _START.size:
        raise damaged("it ends within its header", file)
    fields = _START.unpack_from(data)
    _, length, kind, width, height, depth, colour_type, *methods, checksum = fields
    if kind != b"IHDR":
        raise _not_png(file)
    if length != _LENGTH or checksum != zlib.crc32(data[12 : _START.size - 4]):
        raise damaged("its header does not fit its checksum", file)
    compression, prediction, interlace = methods
    if not width or not height or compression or prediction or interlace > 1:
        raise damaged("its header is not one of the PNG specification", file)
    return PngHeader(width, height, depth, colour_type, bool(interlace))


def _not_png(file: str) -> MaskError:
    hint = "masks are PNG files; JPEG, for one, changes the colours at every edge"
    return MaskError("not-a-png", "this is not a PNG file", hint=hint, file=file)


def damaged(reason: str, file: str) -> MaskError:
    """The error of a PNG that is not whole."""
    hint = "write or copy the file again"
    message = f"this PNG is truncated or damaged: {reason}"
    return MaskError("damaged-png", message, hint=hint, file=file)
