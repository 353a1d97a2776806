"""The size of an image as it is shown, against the size of its mask."""

from __future__ import annotations

import io

from PIL import ExifTags, Image, PngImagePlugin

from rbsync.masks.error import MaskError
from rbsync.masks.png import Source, ends_with_pixels, read_bytes

_FORMATS = ("PNG", "JPEG", "BMP")
_TURNED = (5, 6, 7, 8)  # EXIF orientations that swap width and height


def shown_size(source: Source) -> tuple[int, int]:
    """(width, height) of a PNG, JPEG or BMP after its EXIF orientation, from its header alone.

    Raises MaskError when it is none of these; OSError when it cannot be read.
    """
    data, file = read_bytes(source)
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            orientation = _exif(image, data).get(ExifTags.Base.Orientation)
            width, height = image.size
    except (OSError, SyntaxError, ValueError) as error:
        hint = "images of masks are PNG, JPEG or BMP"
        message = "the header of this image cannot be read"
        raise MaskError("image-header", message, hint=hint, file=file) from error
    return (height, width) if orientation in _TURNED else (width, height)


def _exif(image: Image.Image, data: bytes) -> Image.Exif:
    # Pillow decodes a whole PNG for what may follow the pixels; that takes long, and nothing does.
    if isinstance(image, PngImagePlugin.PngImageFile) and ends_with_pixels(data):
        return Image.Image.getexif(image)
    return image.getexif()


def check_declared_size(
    declared: tuple[int, int], image: tuple[int, int], *, image_file: str, file: str = ""
) -> None:
    """Raise MaskError when an image has not the (width, height) that ``file`` says it has."""
    if declared != image:
        raise MaskError(
            "size-mismatch",
            f"it says that `{image_file}` is {declared[0]} x {declared[1]} pixels, "
            f"but it is {image[0]} x {image[1]}",
            hint="labels are drawn in the image as it is shown (EXIF orientation applied): correct "
            "its size, or take the image that was annotated",
            file=file,
        )


def check_same_size(mask: tuple[int, int], image: tuple[int, int], *, file: str = "") -> None:
    """Raise MaskError when a mask and its image differ in (width, height)."""
    if mask != image:
        raise MaskError(
            "size-mismatch",
            f"the mask is {mask[0]} x {mask[1]} pixels, but its image is {image[0]} x {image[1]}",
            hint="make a mask of the image's size, as it is shown (EXIF orientation applied)",
            file=file,
        )
