"""PNGs with a palette, as the colours that their pixels stand for."""

from __future__ import annotations

import numpy as np
from PIL import Image

from rbsync.masks.error import MaskError, many

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
