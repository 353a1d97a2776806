"""The transparency of a PNG that has no alpha channel: of palette entries, or of one colour.

Source: PNG specification (third edition), section 11.3.1.1, the chunk tRNS.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from rbsync.masks.png.header import PALETTE, PngHeader

Array = npt.NDArray[Any]

_ENTRIES = 256
_GREY_BYTES, _RGB_BYTES = 2, 6


def see_through(image: Image.Image, header: PngHeader, numbers: Array, chunk: bytes) -> Image.Image:
    """The image with an alpha channel (mode LA or RGBA), if the chunk makes a pixel transparent.

    ``numbers`` (height, width) are the pixels as the file has them, or (height, width, 3). A chunk
    of a wrong length says nothing, as for other readers.
    """
    alpha = (
        _of_palette(numbers, chunk) if header.colour_type == PALETTE else _of_key(numbers, chunk)
    )
    if alpha is None or alpha.min() == 255:
        return image
    seen = image.convert("L") if image.mode == "1" else image
    seen.putalpha(Image.fromarray(alpha))
    return seen


def _of_palette(numbers: Array, chunk: bytes) -> Array | None:
    if len(chunk) > _ENTRIES:
        return None
    table = np.full(_ENTRIES, 255, np.uint8)
    table[: len(chunk)] = np.frombuffer(chunk, np.uint8)
    found: Array = table[numbers]
    return found


def _of_key(numbers: Array, chunk: bytes) -> Array | None:
    """One colour is transparent; its channels have two bytes each."""
    if len(chunk) != (_GREY_BYTES if numbers.ndim == 2 else _RGB_BYTES):
        return None
    same = numbers == np.frombuffer(chunk, ">u2")
    hidden = same if numbers.ndim == 2 else same.all(axis=2)
    return np.where(hidden, np.uint8(0), np.uint8(255))
