"""The compressed pixels of a PNG, unpacked by Pillow, and the colours that palettes make of them.

Source: PNG specification (third edition), sections 7 to 10.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from rbsync.masks.error import MaskError, many
from rbsync.masks.png.chunks import Content
from rbsync.masks.png.header import PALETTE, PngHeader

_LAYOUTS = {
    (1, 0): ("1", "1"), (2, 0): ("L", "L;2"), (4, 0): ("L", "L;4"), (8, 0): ("L", "L"),
    (8, 2): ("RGB", "RGB"), (8, 4): ("LA", "LA"), (8, 6): ("RGBA", "RGBA"),
    (1, 3): ("P", "P;1"), (2, 3): ("P", "P;2"), (4, 3): ("P", "P;4"), (8, 3): ("P", "P"),
}  # fmt: skip
"""Pillow's names for the pixels in memory and in the file, by bit depth and colour type."""

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
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
