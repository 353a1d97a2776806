"""RGB masks from wherever they come, read in strips of bounded size."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from rbsync.masks.classes.class_map import ClassMap
from rbsync.masks.error import MaskError
from rbsync.masks.png.decoding import MAX_PIXELS, Source, decode, read_bytes

_CHANNELS = 4


# Source: the Arrow C data interface, by which Pillow exports images: the pixels are read where they
# are, while `tobytes` would copy each strip. An RGB or RGBA picture is an array of lists of four
# bytes.
class _ArrowArray(ctypes.Structure):
    _fields_: ClassVar[Any] = [
        *((name, ctypes.c_int64) for name in ("length", "null_count", "offset")),
        *((name, ctypes.c_int64) for name in ("n_buffers", "n_children")),
        ("buffers", ctypes.POINTER(ctypes.c_void_p)),
        ("children", ctypes.POINTER(ctypes.c_void_p)),
    ]


_address_in = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


def shared_pixels(image: Image.Image) -> npt.NDArray[np.uint8] | None:
    """The pixels (height * width, 4) of an RGB or RGBA picture, which live as long as the array.

    None for a picture that Pillow keeps in several pieces, as it does with large ones.
    """
    try:
        _, capsule = image.__arrow_c_array__()
    except ValueError:
        return None
    pixels = _ArrowArray.from_address(_address_in(capsule, b"arrow_array"))
    if pixels.n_children != 1 or pixels.length != image.width * image.height:
        return None
    channels = _ArrowArray.from_address(pixels.children[0])
    # The layout is Pillow's and may change with a version of it; then the pixels are copied.
    if channels.length != _CHANNELS * pixels.length:
        return None
    memory = (ctypes.c_uint8 * channels.length).from_address(channels.buffers[1])
    # The array must keep the picture alive. Without this, NumPy would read memory that Pillow has
    # given back.
    memory.owner = capsule
    return np.frombuffer(memory, np.uint8).reshape(-1, _CHANNELS)


MaskSource = npt.NDArray[Any] | Source

# Pixels for which arrays of temporary numbers stay small.
STRIP = 1 << 17


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """An RGB mask of ``height`` rows and ``width`` columns; ``file`` is its name for messages.

    ``pixels`` is an array (height, width, 3 or 4) uint8, or an image where there is none without
    a copy of all of it; with ``has_alpha`` the fourth channel says what is transparent.
    """

    width: int
    height: int
    file: str
    pixels: npt.NDArray[Any] | Image.Image
    has_alpha: bool = False

    def strips(self, size: int = STRIP) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
        """The first pixel of each strip of rows, and its colours (pixels, 3 or 4) uint8.

        A strip has about ``size`` pixels.
        """
        rows = max(1, size // self.width)
        for top in range(0, self.height, rows):
            bottom = min(top + rows, self.height)
            yield top * self.width, self._colours(top, bottom)

    def _colours(self, top: int, bottom: int) -> npt.NDArray[np.uint8]:
        if isinstance(self.pixels, np.ndarray):
            part = np.ascontiguousarray(self.pixels[top:bottom])
            return part.reshape(-1, part.shape[2])
        # A picture that Pillow keeps in several blocks cannot be shared as one; strips of it can.
        strip = self.pixels.crop((0, top, self.width, bottom))
        shared = shared_pixels(strip)
        if shared is not None:
            return shared
        # Pillow keeps RGB as four bytes a pixel, so this is a copy and no conversion.
        layout = "RGBA" if strip.mode == "RGBA" else "RGBX"
        return np.frombuffer(strip.tobytes("raw", layout), np.uint8).reshape(-1, 4)


def open_picture(
    source: MaskSource, class_map: ClassMap, *, max_pixels: int = MAX_PIXELS
) -> Picture:
    """A mask from an array (m, n, 3) uint8, the bytes of a PNG, or the path of one.

    A palette is expanded. Raises MaskError for arrays
    of another shape or type, grey pictures with a class map that is not grey, pictures of 16 bits
    or of more than ``max_pixels`` pixels and files that are not PNG or are damaged; OSError for
    files that cannot be read.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source)
    data, file = read_bytes(source)
    image = decode(data, file=file, max_pixels=max_pixels)
    # A grey mask with a coloured class map is most often an indexed mask that lost its palette. All
    # its pixels would be reported as undeclared colours, which hides the cause.
    if image.mode in ("1", "L", "LA"):
        _refuse_grey(class_map, file)
    has_alpha = image.mode in ("LA", "RGBA")
    if image.mode not in ("RGB", "RGBA"):
        image = image.convert("RGBA" if has_alpha else "RGB")
    shared = shared_pixels(image)
    pixels = image if shared is None else shared.reshape(image.height, image.width, -1)
    return Picture(image.width, image.height, file, pixels, has_alpha)


def _from_array(mask: npt.NDArray[Any]) -> Picture:
    if mask.ndim != 3 or mask.shape[2] != 3 or mask.dtype != np.uint8 or not mask.size:
        raise MaskError(
            "mask-array",
            "a mask is an array of shape (m, n, 3) and dtype uint8; "
            f"this one has shape {mask.shape} and dtype {mask.dtype}",
            hint="cut an alpha channel off with mask[:, :, :3]; convert with mask.astype(np.uint8)",
        )
    return Picture(mask.shape[1], mask.shape[0], "", mask)


def _refuse_grey(class_map: ClassMap, file: str) -> None:
    for name, colour in class_map.items():
        if len(set(colour)) > 1:
            red, green, blue = colour
            raise MaskError(
                "grey-mask",
                "this PNG is grey, but the class map has colours: "
                f"category {name!r} is ({red}, {green}, {blue})",
                hint="save the mask in colour, or give every category its grey: [v, v, v]",
                file=file,
            )


def packed_pixels(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    """Colours (pixels, 3 or 4) as packed numbers (pixels,) without the fourth channel."""
    if colours.shape[1] == 4:
        packed: npt.NDArray[np.uint32] = colours.view("<u4")[:, 0] & np.uint32(0xFFFFFF)
        return packed
    packed = colours[:, 2].astype(np.uint32)
    for channel in (1, 0):
        packed <<= np.uint32(8)
        packed |= colours[:, channel]
    return packed
