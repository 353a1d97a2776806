"""A photograph as it is meant to be seen: upright, in sRGB, with eight bits, on white."""

from __future__ import annotations

import io
from contextlib import suppress

import numpy as np
from PIL import Image, ImageCms, ImageOps

from rbsync.masks.png.decoding import MAX_PIXELS

FORMATS = ("PNG", "JPEG", "BMP")
"""The formats that are drawn; what else Pillow reads is no item of a datapoint."""
_WIDE = ("I", "F", "I;16", "I;16L", "I;16B")
"""Modes with more than eight bits."""


def read_photograph(data: bytes, side: int | None = None) -> Image.Image:
    """A picture of mode RGB, a smaller one of at least ``side`` pixels where that is quicker.

    Raises ValueError for what cannot be drawn.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"it has more than {MAX_PIXELS:,} pixels")
            if side is not None:
                # A JPEG is decoded at an eighth in a fraction of the time; others are not changed.
                image.draft(None, (side, side))
            # Cameras write how they were held, and masks are of the picture as it is shown.
            # In place: of one that stands upright already it would else make a copy.
            ImageOps.exif_transpose(image, in_place=True)
            return _eight_bits(image)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("it is no picture that can be drawn") from error


def _eight_bits(image: Image.Image) -> Image.Image:
    if image.mode in _WIDE:
        return _stretched(image)
    if image.has_transparency_data:
        clear = image.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        return Image.alpha_composite(white, clear).convert("RGB")
    return _srgb(image)


def _stretched(image: Image.Image) -> Image.Image:
    """Grey values from black to white over the range that the picture has.

    Scanners fill 12 of 16 bits: cut to the upper eight, their pictures would be black.
    """
    values = np.asarray(image, np.float64)
    low, high = float(values.min()), float(values.max())
    scaled = (values - low) * (255 / (high - low)) if high > low else np.zeros_like(values)
    return Image.fromarray(np.rint(scaled).astype(np.uint8)).convert("RGB")


def _srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    # A profile that is broken, or for another mode, is as good as none.
    with suppress(ImageCms.PyCMSError, OSError, TypeError, ValueError):
        if profile:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            made = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
            if made is not None:
                return made
    image.load()
    # One that is RGB already would be copied, which takes as long as to decode it.
    return image if image.mode == "RGB" else image.convert("RGB")
