"""PNG files: what their header promises, and Pillow's decoding of them.

Source: PNG specification (third edition), section 11.2.1 for the header chunk.
"""

from __future__ import annotations

import io
import os
import struct
from typing import NamedTuple

from PIL import Image, PngImagePlugin

from rbsync.masks.error import MaskError

MAX_PIXELS = 1 << 27  # 11,585 x 11,585: half a gigabyte while it is decoded

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_START = struct.Struct(">8s4x4sIIBB")


class Named(NamedTuple):
    """The bytes of a file that was read already, and its name for messages."""

    data: bytes
    file: str


Source = bytes | str | os.PathLike[str] | Named


class PngHeader(NamedTuple):
    """Width and height in pixels, bits a channel, and the colour type of the specification."""

    width: int
    height: int
    bit_depth: int
    colour_type: int


def read_bytes(source: Source) -> tuple[bytes, str]:
    """The content of a file and its name for messages, empty for bytes. Raises OSError."""
    if isinstance(source, Named):
        return source
    if isinstance(source, bytes):
        return source, ""
    with open(source, "rb") as file:
        return file.read(), os.fspath(source)


def read_header(data: bytes, *, file: str = "") -> PngHeader:
    """The header of a PNG, without decoding it. Raises MaskError when it is not one."""
    if len(data) < _START.size:
        if not _SIGNATURE.startswith(data[:8]):
            raise _not_png(file)
        raise _damaged("it ends within its header", file)
    signature, chunk, width, height, depth, colour_type = _START.unpack_from(data)
    if signature != _SIGNATURE or chunk != b"IHDR":
        raise _not_png(file)
    return PngHeader(width, height, depth, colour_type)


def decode(data: bytes, *, file: str = "", max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode an 8-bit (or smaller) PNG of at most ``max_pixels``. Raises MaskError.

    Pillow's PNG reader is called by itself: no other of its formats can be reached, and the limit
    here stands in for Pillow's own, which is global to the process.
    """
    header = read_header(data, file=file)
    _refuse_large(header, max_pixels, file)
    if header.bit_depth == 16:
        raise MaskError(
            "sixteen-bit",
            "this PNG has 16 bits a channel; a mask has 8",
            hint="save the mask with 8 bits a channel: colours would be rounded otherwise",
            file=file,
        )
    try:
        image = PngImagePlugin.PngImageFile(io.BytesIO(data))
        image.load()
    except (OSError, SyntaxError, ValueError, EOFError, struct.error) as error:
        raise _damaged(str(error), file) from None
    return image


def _refuse_large(header: PngHeader, max_pixels: int, file: str) -> None:
    pixels = header.width * header.height
    if pixels > max_pixels:
        raise MaskError(
            "too-large",
            f"this PNG has {header.width} x {header.height} = {pixels:,} pixels, "
            f"more than the limit of {max_pixels:,}; it was not decoded",
            hint="if the file is meant to be that large, raise max_pixels",
            file=file,
        )


def _not_png(file: str) -> MaskError:
    hint = "masks are PNG files; JPEG, for one, changes the colours at every edge"
    return MaskError("not-a-png", "this is not a PNG file", hint=hint, file=file)


def _damaged(reason: str, file: str) -> MaskError:
    hint = "write or copy the file again"
    message = f"this PNG is truncated or damaged: {reason}"
    return MaskError("damaged-png", message, hint=hint, file=file)
