"""PNG files: where they come from, and Pillow's decoding of their pixels.

Source: PNG specification (third edition), sections 7 to 10.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from rbsync.masks.error import MaskError, many
from rbsync.masks.png.chunks import Content, read_content
from rbsync.masks.png.header import GREY, PALETTE, PngHeader, damaged, read_header
from rbsync.masks.png.transparency import see_through

Values = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

_LAYOUTS = {
    (1, 0): ("1", "1"), (2, 0): ("L", "L;2"), (4, 0): ("L", "L;4"), (8, 0): ("L", "L"),
    (8, 2): ("RGB", "RGB"), (8, 4): ("LA", "LA"), (8, 6): ("RGBA", "RGBA"),
    (1, 3): ("P", "P;1"), (2, 3): ("P", "P;2"), (4, 3): ("P", "P;4"), (8, 3): ("P", "P"),
}  # fmt: skip
"""Pillow's names for the pixels in memory and in the file, by bit depth and colour type."""

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_WITHOUT_ALPHA = (0, 2, 3)
_DENSEST = 1032  # zlib packs no more bytes than this into one
_END = 3  # bytes of the checksum that ends zlib's data; of its four Pillow wants to see one


def is_known(header: PngHeader) -> bool:
    """Tells whether there are such pixels, of 8 bits a channel or fewer."""
    return (header.bit_depth, header.colour_type) in _LAYOUTS


def unpacked(header: PngHeader, content: Content) -> Image.Image:
    """The pixels in the mode 1, L, LA, RGB, RGBA or P. Raises ValueError, MemoryError."""
    return _unpacked(header, content, *_LAYOUTS[header.bit_depth, header.colour_type])


def unpacked_numbers(header: PngHeader, content: Content) -> Image.Image:
    """The pixels of one channel in the mode P, as they are in the file. As `unpacked`.

    Greys of fewer than 8 bits are not stretched to 0-255.
    """
    return _unpacked(header, content, *_LAYOUTS[header.bit_depth, PALETTE])


def _unpacked(header: PngHeader, content: Content, mode: str, layout: str) -> Image.Image:
    bits = header.pixels * header.bit_depth * _CHANNELS[header.colour_type]
    if bits > 8 * _DENSEST * len(content.pixels):
        raise ValueError("not enough image data")
    # At the regular end of the data Pillow does not ask whether all rows were there. With that
    # end cut off, data that stop after fewer rows are truncated ones to it.
    pixels = content.pixels[:-_END]
    size = (header.width, header.height)
    return Image.frombytes(mode, size, pixels, "zip", layout, int(header.interlaced))


_MOST = 256


def expanded(image: Image.Image, palette: bytes, file: str) -> Image.Image:
    """Palette numbers (mode P) -> colours (mode RGB).

    ``palette`` has three bytes a colour. Raises MaskError for a pixel whose number has no colour,
    which Pillow would paint black; ValueError for a palette that is none.
    """
    colours, rest = divmod(len(palette), 3)
    if rest or colours > _MOST:
        length = many(len(palette), "byte")
        raise ValueError(f"its palette has {length}, not 3 for each of at most {_MOST} colours")
    _refuse_beyond(image, colours, file)
    image.putpalette(palette)
    return image.convert("RGB")


def _refuse_beyond(image: Image.Image, colours: int, file: str) -> None:
    counts = image.histogram()
    beyond = sum(counts[colours:_MOST])
    if beyond:
        numbers = np.asarray(image)
        row, column = divmod(int(np.argmax(numbers >= colours)), image.width)
        raise MaskError(
            "beyond-palette",
            f"{many(beyond, 'pixel')} of this PNG, first at column {column}, row {row} with the "
            f"number {numbers[row, column]}, have no colour: its palette has "
            f"{many(colours, 'colour')}",
            hint="save the mask again with all of its colours in the palette, or as RGB",
            file=file,
        )


MAX_PIXELS = 1 << 27  # 11,585 x 11,585: half a gigabyte while it is decoded
WIDEST = 1 << 25  # a row of more than 2**31 bits is too long for Pillow


class Named(NamedTuple):
    """The bytes of a file that was read already, and its name for messages."""

    data: bytes
    file: str


Source = bytes | str | os.PathLike[str] | Named


def read_bytes(source: Source) -> tuple[bytes, str]:
    """The content of a file and its name for messages, empty for bytes.

    Raises MaskError for what is neither content nor path, OSError.
    """
    if isinstance(source, Named):
        return source
    if isinstance(source, bytes):
        return source, ""
    if not isinstance(source, str | os.PathLike):
        # The number of an open file would be taken for its path.
        raise MaskError(
            "no-path",
            "a file is given as its bytes or its path, "
            f"not as a value of type {type(source).__name__}",
            hint="write the path as text, or read the file and give its bytes",
        )
    with open(source, "rb") as file:
        return file.read(), os.fspath(source)


def decode(data: bytes, *, file: str = "", max_pixels: int = MAX_PIXELS) -> Image.Image:
    """The colours of an 8-bit (or smaller) PNG of at most ``max_pixels``; a palette is expanded.

    Colours that the file calls transparent get an alpha channel. Gives an image of the mode 1, L,
    LA, RGB or RGBA. Raises MaskError and nothing else.
    """
    header = _readable(data, file, max_pixels)
    with _problems_told(header, file):
        content = read_content(data)
        image = unpacked(header, content)
        shown = expanded(image, content.palette, file) if image.mode == "P" else image
        if not content.transparency or header.colour_type not in _WITHOUT_ALPHA:
            return shown
        # Greys of fewer than 8 bits were stretched, and the transparent one is as in the file.
        raw = unpacked_numbers(header, content) if image.mode in ("1", "L") else image
        return see_through(shown, header, np.asarray(raw), content.transparency)


def decode_numbers(data: bytes, *, file: str = "", max_pixels: int = MAX_PIXELS) -> Image.Image:
    """The numbers in the pixels of a grey PNG or of one with a palette, which is not looked at.

    Gives an image of the mode P. Raises MaskError and nothing else.
    """
    header = _readable(data, file, max_pixels)
    if header.colour_type not in (GREY, PALETTE):
        hint = "colour masks need a class map of colours instead of values"
        message = "this PNG has colours, not class values"
        raise MaskError("not-indexed", message, hint=hint, file=file)
    with _problems_told(header, file):
        return unpacked_numbers(header, read_content(data))


def decode_values(data: bytes, *, file: str = "", max_pixels: int = MAX_PIXELS) -> Values:
    """As `decode_numbers`, with the values of a grey PNG of 16 bits as they are too.

    Gives an array (height, width), uint16 for 16 bits and else uint8.
    """
    header = read_header(data, file=file)
    if (header.bit_depth, header.colour_type) != (16, GREY):
        return np.asarray(decode_numbers(data, file=file, max_pixels=max_pixels))
    _refuse_large(header, max_pixels, file)
    with _problems_told(header, file):
        # A PNG has the high byte first.
        return np.asarray(_unpacked(header, read_content(data), "I;16", "I;16B"))


@contextmanager
def _problems_told(header: PngHeader, file: str) -> Iterator[None]:
    """Turns the problems of decoding a PNG into MaskErrors."""
    try:
        yield
    except ValueError as error:
        raise damaged(str(error), file) from None
    except (MemoryError, OverflowError):
        raise MaskError(
            "too-large",
            f"there is not enough memory for the {_pixels_of(header)} of this PNG",
            hint="cut the picture into tiles, or convert it where there is more memory",
            file=file,
        ) from None


def _readable(data: bytes, file: str, max_pixels: int) -> PngHeader:
    """The header of a PNG that may be decoded. Raises MaskError."""
    header = read_header(data, file=file)
    _refuse_large(header, max_pixels, file)
    if header.bit_depth == 16:
        raise MaskError(
            "sixteen-bit",
            "this PNG has 16 bits a channel; a mask has 8",
            hint="save the mask with 8 bits a channel: colours would be rounded otherwise",
            file=file,
        )
    if not is_known(header):
        kind = f"{header.bit_depth} bits a channel with the colour type {header.colour_type}"
        raise damaged(f"its header has {kind}, which is no PNG", file)
    return header


def _refuse_large(header: PngHeader, max_pixels: int, file: str) -> None:
    if header.pixels > max_pixels:
        raise MaskError(
            "too-large",
            f"this PNG has {_pixels_of(header)}, more than the limit of {max_pixels:,}; "
            "it was not decoded",
            hint="if the file is meant to be that large, raise max_pixels",
            file=file,
        )
    if header.width > WIDEST:
        raise MaskError(
            "too-large",
            f"this PNG is {header.width:,} pixels wide, more than the {WIDEST:,} that can be read",
            hint="cut the picture into tiles",
            file=file,
        )


def _pixels_of(header: PngHeader) -> str:
    return f"{header.width} x {header.height} = {header.pixels:,} pixels"
