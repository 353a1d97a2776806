"""A photograph as it is meant to be seen: upright, in sRGB, with eight bits, on white."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageOps

from rbsync.masks.png.decoding import MAX_PIXELS

FORMATS = ("PNG", "JPEG", "BMP")
"""The formats that are drawn; what else Pillow reads is no item of a datapoint."""
_DICOM_AT = slice(128, 132)
_SAMPLED = 100_000
"""Values by which black and white are found; to sort all of a scan takes seconds."""
_WIDE = ("I", "F", "I;16", "I;16L", "I;16B")
"""Modes with more than eight bits."""


def read_photograph(data: bytes, side: int | None = None) -> Image.Image:
    """A picture of mode RGB, a smaller one of at least ``side`` pixels where that is quicker.

    Raises ValueError for what cannot be drawn.
    """
    if data[_DICOM_AT] == b"DICM":
        return _of_dicom(data)
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
    grey = windowed(values, float(values.min()), float(values.max()))
    return Image.fromarray(grey).convert("RGB")


def eight_bits(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Values from black to white; the outermost two hundredths are cut off.

    A scan has a few voxels of metal, beside which all tissue would be black.
    """
    some = values.reshape(-1)[:: max(1, values.size // _SAMPLED)]
    low, high = np.percentile(some[np.isfinite(some)], (1, 99)) if some.size else (0, 0)
    return windowed(values, float(low), float(high))


def windowed(values: npt.NDArray[Any], low: float, high: float) -> npt.NDArray[np.uint8]:
    """Values with ``low`` as black and ``high`` as white."""
    scaled = (np.asarray(values, np.float32) - low) * (255 / (high - low or 1))
    grey: npt.NDArray[np.uint8] = np.rint(np.clip(np.nan_to_num(scaled), 0, 255)).astype(np.uint8)
    return grey


def _of_dicom(data: bytes) -> Image.Image:
    """A slice in its own window, of several frames the one in the middle."""
    try:
        import pydicom
        from pydicom.pixels.processing import apply_modality_lut, convert_color_space
    except ImportError as error:
        raise ValueError("DICOM is drawn with the extra: pip install 'rbsync[browse]'") from error
    # A file of a stranger may lack or forge any of its members.
    try:
        found = pydicom.dcmread(io.BytesIO(data))
        if (
            int(found.Rows) * int(found.Columns) * int(found.get("NumberOfFrames") or 1)
            > MAX_PIXELS
        ):
            raise ValueError(f"it has more than {MAX_PIXELS:,} pixels")
        pixels, form = found.pixel_array, str(found.PhotometricInterpretation)
        if found.get("SamplesPerPixel", 1) > 1:
            one = pixels[len(pixels) // 2] if pixels.ndim > 3 else pixels
            return Image.fromarray(convert_color_space(one, form, "RGB").astype(np.uint8))
        one = pixels[len(pixels) // 2] if pixels.ndim > 2 else pixels
        values = apply_modality_lut(one, found)
        grey = windowed(values, *_window(found, values))
    except (ValueError, AttributeError, KeyError, TypeError, RuntimeError, OSError) as error:
        raise ValueError(f"it is no DICOM that can be drawn: {error}") from error
    # Films: the densest is white on a screen, and the values say how much light came through.
    return Image.fromarray(255 - grey if form == "MONOCHROME1" else grey).convert("RGB")


def _window(found: Any, values: npt.NDArray[Any]) -> tuple[float, float]:
    """The least and the greatest value of a slice's first window, else of all its values."""
    centre, width = found.get("WindowCenter"), found.get("WindowWidth")
    if centre is None or width is None:
        return float(values.min()), float(values.max())
    first = [float(one[0] if isinstance(one, Sequence) else one) for one in (centre, width)]
    # As the standard has it: a width of 256 is 256 values, the outermost included.
    return first[0] - 0.5 - (first[1] - 1) / 2, first[0] - 0.5 + (first[1] - 1) / 2


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
