"""The pixels of a decoded picture as an array, without a copy.

Source: the Arrow C data interface, by which Pillow exports images; an RGB or RGBA picture is an
array of lists of four bytes.
"""

from __future__ import annotations

import ctypes
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from PIL import Image

_CHANNELS = 4


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
    if channels.length != _CHANNELS * pixels.length:
        return None
    memory = (ctypes.c_uint8 * channels.length).from_address(channels.buffers[1])
    memory.owner = capsule
    return np.frombuffer(memory, np.uint8).reshape(-1, _CHANNELS)
