"""The size of an image as it is shown, against the size of its mask."""

from __future__ import annotations

import io
from collections.abc import Callable

from PIL import BmpImagePlugin, ExifTags, Image, JpegImagePlugin, PngImagePlugin
from PIL.ImageFile import ImageFile

from rbsync.masks.error import MaskError
from rbsync.masks.png.chunks import without_pixels
from rbsync.masks.png.decoding import Source, read_bytes
from rbsync.masks.png.header import SIGNATURE

_TURNED = (5, 6, 7, 8)  # EXIF orientations that swap width and height


def shown_size(source: Source) -> tuple[int, int]:
    """(width, height) of a PNG, JPEG or BMP after its EXIF orientation, from its header alone.

    Nothing is decoded, so that the image may be of any size. Raises MaskError when it is none of
    these; OSError when it cannot be read.
    """
    data, file = read_bytes(source)
    try:
        with _opened(data) as image:
            # That of Pillow's PNG class would decode the pixels for what may follow them.
            orientation = Image.Image.getexif(image).get(ExifTags.Base.Orientation)
            width, height = image.size
    except Exception as error:  # Pillow's readers of EXIF end in errors of any kind
        hint = "images of masks are PNG, JPEG or BMP"
        message = "the header of this image cannot be read"
        raise MaskError("image-header", message, hint=hint, file=file) from error
    return (height, width) if orientation in _TURNED else (width, height)


def stored_size(head: bytes) -> tuple[int, int] | None:
    """(width, height) as a PNG, JPEG or BMP stores them, from its first bytes; None for others."""
    is_png, is_bmp = head.startswith(SIGNATURE), head.startswith(b"BM")
    form: Callable[[io.BytesIO], ImageFile] = (
        PngImagePlugin.PngImageFile
        if is_png
        else BmpImagePlugin.BmpImageFile
        if is_bmp
        else JpegImagePlugin.JpegImageFile
    )
    try:
        with form(io.BytesIO(head)) as image:
            width, height = image.size
    except Exception:  # Pillow's readers end in errors of any kind
        return None
    return width, height


def is_turned(head: bytes, shown: tuple[int, int]) -> bool:
    """Tells whether a picture is stored in another size than it is shown, from its first bytes."""
    return stored_size(head) == shown[::-1] != shown


def _opened(data: bytes) -> ImageFile:
    """Raises errors of many kinds.

    Pillow's classes are called by themselves: no other of its formats can be reached, and its
    limit for pictures that are to be decoded does not apply.
    """
    if data.startswith(SIGNATURE):
        return PngImagePlugin.PngImageFile(io.BytesIO(without_pixels(data)))
    if data.startswith(b"BM"):
        return BmpImagePlugin.BmpImageFile(io.BytesIO(data))
    return JpegImagePlugin.JpegImageFile(io.BytesIO(data))


# Whoever only corrects the numbers has labels that are accepted and lie in the wrong place.
_TURNED_HINT = (
    "width and height are swapped: an EXIF orientation turns the picture when it is shown, and the "
    "annotations are of the unturned one; take the orientation out of the picture "
    "(`exiftool -Orientation= FILE`), or turn the annotations with it"
)
_SWAPPED_HINT = (
    "width and height are swapped, and no EXIF orientation turns this picture: where the size was "
    "written as rows and columns, write width and height; else take the picture that was annotated"
)
_TURNED_MASK_HINT = (
    "width and height are swapped: an EXIF orientation turns the image when it is shown, and the "
    "mask is of the unturned one; take the orientation out of the image "
    "(`exiftool -Orientation= FILE`), or turn the mask with it"
)
_MASK_HINT = "make a mask of the image's size, as it is shown (EXIF orientation applied)"
_OTHER_HINT = "take the image that was annotated, or scale the annotations to this one"


def check_declared_size(
    declared: tuple[int, int],
    image: tuple[int, int],
    *,
    image_file: str,
    file: str = "",
    is_turned: bool = True,
) -> None:
    """Raise MaskError when an image has not the (width, height) that ``file`` says it has.

    ``is_turned``: an EXIF orientation makes it look turned, which explains a size that is swapped.
    """
    if declared != image:
        swapped = _TURNED_HINT if is_turned else _SWAPPED_HINT
        who = "it says" if file else "the labels say"
        raise MaskError(
            "size-mismatch",
            f"{who} that `{image_file}` is {declared[0]} x {declared[1]} pixels, "
            f"but it is {image[0]} x {image[1]}",
            hint=swapped if declared == image[::-1] else _OTHER_HINT,
            file=file,
        )


def check_same_size(
    mask: tuple[int, int], image: tuple[int, int], *, file: str = "", is_turned: bool = False
) -> None:
    """Raise MaskError when a mask and its image differ in (width, height).

    ``is_turned`` is as in `check_declared_size`.
    """
    if mask != image:
        raise MaskError(
            "size-mismatch",
            f"the mask is {mask[0]} x {mask[1]} pixels, but its image is {image[0]} x {image[1]}",
            hint=_TURNED_MASK_HINT if is_turned and mask == image[::-1] else _MASK_HINT,
            file=file,
        )
