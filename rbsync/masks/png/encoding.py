"""Arrays as PNG files."""

from __future__ import annotations

import io
from typing import Any

import numpy.typing as npt
from PIL import Image

Array = npt.NDArray[Any]


def png_bytes(pixels: Array) -> bytes:
    """A PNG of pixels uint8 (height, width), or with 3 or 4 channels as a last axis."""
    return _saved(Image.fromarray(pixels))


def png_of_numbers(numbers: Array, like: bytes) -> bytes:
    """A PNG of numbers uint8 (height, width), grey or with the palette of the PNG ``like``."""
    with Image.open(io.BytesIO(like)) as model:
        palette = model.getpalette() if model.mode == "P" else None
    image = Image.fromarray(numbers)
    if palette is None:
        return _saved(image)
    image = Image.frombytes("P", image.size, image.tobytes())
    image.putpalette(palette)
    return _saved(image)


def _saved(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
