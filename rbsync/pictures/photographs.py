"""A photograph as it is meant to be seen: upright, in sRGB, with eight bits, on white."""

from __future__ import annotations

import io
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageCms, ImageOps

from rbsync.masks.png.decoding import MAX_PIXELS

FORMATS = ("PNG", "JPEG", "BMP")
"""The formats that are drawn; what else Pillow reads is no item of a datapoint."""
# Pillow warns from two thirds of our own limit on, in the midst of what a command prints.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
_DICOM_AT = slice(128, 132)
_DEFLATED = b"1.2.840.10008.1.2.1.99"
_META = 4096
_SAMPLED = 100_000
"""Values by which black and white are found; to sort all of a scan takes seconds."""
WIDE = ("I", "F", "I;16", "I;16L", "I;16B")
"""Modes with more than eight bits."""

_SHRUNK = ("L", "RGB", "RGBA", "LA", *WIDE)
"""Modes of which a smaller picture is made before anything else is made of it."""
_BYTES = {
    "L": (1, 4),
    "RGB": (4, 4),
    **dict.fromkeys(("I", "F"), (4, 21)),
    **dict.fromkeys(("I;16", "I;16L", "I;16B"), (2, 21)),
}
_USUAL_BYTES = (4, 15)
"""Bytes that a pixel takes once it is decoded, and in all that is made of it until it is drawn."""
_MOST_BYTES = 420 << 20


def read_photograph(data: bytes, side: int | None = None) -> Image.Image:
    """A picture of mode RGB, a smaller one of at least ``side`` pixels where that is quicker.

    Raises ValueError for what cannot be drawn.
    """
    if is_dicom(data):
        return _of_dicom(data)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"it has more than {MAX_PIXELS:,} pixels")
            if side is not None:
                # A JPEG is decoded at an eighth in a fraction of the time; others are not changed.
                image.draft(None, (side, side))
            shrink = max(1, min(image.size) // (2 * side)) if side is not None else 1
            _refuse_costly(image, shrink)
            # Cameras write how they were held, and masks are of the picture as it is shown.
            # In place: of one that stands upright already it would else make a copy.
            ImageOps.exif_transpose(image, in_place=True)
            return _eight_bits(image, shrink)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("it is no picture that can be drawn") from error


def _refuse_costly(image: Image.Image, shrink: int) -> None:
    """Raises ValueError for a picture that takes too much memory until it is as small as wanted."""
    decoded, made = _BYTES.get(image.mode, _USUAL_BYTES)
    if _is_plain(image):
        made = 0
    # Of those that cannot be shrunk before they are converted all pixels are.
    small = shrink**2 if image.mode in _SHRUNK else 1
    if image.width * image.height * (decoded + made / small) > _MOST_BYTES:
        raise ValueError(f"it takes more than {_MOST_BYTES >> 20} MiB to draw")


def _is_plain(image: Image.Image) -> bool:
    """Tells whether nothing is made of a picture: it is drawn as it is decoded."""
    # A PNG says only behind its pixels how it was held.
    if (image.format, image.mode) != ("JPEG", "RGB") or image.info.get("icc_profile"):
        return False
    return bool(image.getexif().get(ExifTags.Base.Orientation, 1) == 1)


def _eight_bits(image: Image.Image, shrink: int) -> Image.Image:
    if image.mode in WIDE:
        return _stretched(image, shrink)
    if shrink > 1 and image.mode in _SHRUNK:
        profile = image.info.get("icc_profile")
        image = image.reduce(shrink)
        image.info["icc_profile"] = profile
    if image.has_transparency_data:
        clear = image.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        return Image.alpha_composite(white, clear).convert("RGB")
    return _srgb(image)


def _stretched(image: Image.Image, shrink: int) -> Image.Image:
    """Grey values from black to white over the range that the picture has.

    Scanners fill 12 of 16 bits: cut to the upper eight, their pictures would be black.
    """
    values = np.asarray(image)[::shrink, ::shrink].astype(np.float64)
    grey = windowed(values, float(values.min()), float(values.max()))
    return Image.fromarray(grey).convert("RGB")


def outermost(values: npt.NDArray[Any]) -> tuple[float, float]:
    """The values that are shown as black and as white; two hundredths lie beyond them.

    A scan has a few voxels of metal, beside which all tissue would be black.
    """
    some = values.reshape(-1)[:: max(1, values.size // _SAMPLED)]
    low, high = np.percentile(some[np.isfinite(some)], (1, 99)) if some.size else (0, 0)
    return float(low), float(high)


def windowed(values: npt.NDArray[Any], low: float, high: float) -> npt.NDArray[np.uint8]:
    """Values with ``low`` as black and ``high`` as white."""
    scaled = (np.asarray(values, np.float32) - low) * (255 / (high - low or 1))
    grey: npt.NDArray[np.uint8] = np.rint(np.clip(np.nan_to_num(scaled), 0, 255)).astype(np.uint8)
    return grey


class Place(NamedTuple):
    """The place of a slice, as DICOM has it: in millimetres to the left, to the back and up.

    ``directions`` are those of rows and of columns, ``spacing`` is from row to row and from column
    to column.
    """

    position: tuple[float, ...]
    directions: tuple[float, ...]
    spacing: tuple[float, ...]
    thickness: float


class Slices(NamedTuple):
    """Grey values (frame, row, column), those shown as black and as white, and their place."""

    values: npt.NDArray[Any]
    window: tuple[float, float]
    place: Place | None


def is_dicom(data: bytes) -> bool:
    """Tells whether a file is DICOM."""
    return data[_DICOM_AT] == b"DICM"


@contextmanager
def _reading_dicom() -> Iterator[None]:
    # A file of a stranger may lack or forge any of its members.
    try:
        yield
    except ImportError as error:
        raise ValueError("DICOM is drawn with the extra: pip install 'rbsync[browse]'") from error
    except (
        ValueError,
        LookupError,
        AttributeError,
        TypeError,
        RuntimeError,
        OSError,
        zlib.error,
    ) as error:
        raise ValueError(f"it is no DICOM that can be drawn: {error}") from error


@_reading_dicom()
def dicom_values(data: bytes) -> Slices | None:
    """The frames of a DICOM file, None for one in colours.

    Raises ValueError for one that cannot be read.
    """
    found = _dataset(data)
    if found.get("SamplesPerPixel", 1) > 1:
        return None
    return _grey(found, slice(None))


@_reading_dicom()
def _of_dicom(data: bytes) -> Image.Image:
    """A slice in its own window, of several frames the one in the middle."""
    found = _dataset(data)
    middle = int(found.get("NumberOfFrames") or 1) // 2
    if found.get("SamplesPerPixel", 1) > 1:
        return _in_colours(found, middle)
    grey = _grey(found, slice(middle, middle + 1))
    return Image.fromarray(windowed(grey.values[0], *grey.window)).convert("RGB")


def _dataset(data: bytes) -> Any:
    import pydicom

    _refuse_bomb(data)
    found = pydicom.dcmread(io.BytesIO(data))
    frames = int(found.get("NumberOfFrames") or 1)
    if int(found.Rows) * int(found.Columns) * frames > MAX_PIXELS:
        raise ValueError(f"it has more than {MAX_PIXELS:,} pixels")
    return found


def _refuse_bomb(data: bytes) -> None:
    """Raises ValueError for a file whose elements are packed and unpack to more than is drawn."""
    if _DEFLATED not in data[:_META]:
        return
    # The file's own elements, whose length the first of them says, are not packed.
    begin = 144 + int.from_bytes(data[140:144], "little")
    unpacker, left, rest = zlib.decompressobj(-15), _MOST_BYTES // 2, data[begin:]
    while rest and not unpacker.eof and left >= 0:
        left -= len(unpacker.decompress(rest, 1 << 20))
        rest = unpacker.unconsumed_tail
    if left < 0:
        raise ValueError(f"it unpacks to more than {_MOST_BYTES >> 21} MiB")


def _in_colours(found: Any, frame: int) -> Image.Image:
    from pydicom.pixels.processing import convert_color_space

    pixels = found.pixel_array
    one = pixels[frame] if pixels.ndim > 3 else pixels
    form = str(found.PhotometricInterpretation)
    return Image.fromarray(convert_color_space(one, form, "RGB").astype(np.uint8))


def _grey(found: Any, frames: slice) -> Slices:
    from pydicom.pixels.processing import apply_modality_lut

    pixels = found.pixel_array
    some = pixels[frames] if pixels.ndim > 2 else pixels[None]
    values = apply_modality_lut(some, found)
    low, high = _window(found, values)
    # Films: the densest is white on a screen, and the values say how much light came through.
    if found.PhotometricInterpretation == "MONOCHROME1":
        values, low, high = -values.astype(np.float32), -high, -low
    return Slices(values, (low, high), _place(found))


def _place(found: Any) -> Place | None:
    position, directions, spacing = (
        tuple(map(float, found.get(one) or ()))
        for one in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")
    )
    if (len(position), len(directions), len(spacing)) != (3, 6, 2):
        return None
    thickness = found.get("SpacingBetweenSlices") or found.get("SliceThickness") or 1
    return Place(position, directions, spacing, float(thickness))


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
