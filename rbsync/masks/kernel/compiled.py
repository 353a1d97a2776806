"""The compiled kernel, when this machine has it: `available()` says so.

It is plain C behind ctypes rather than an extension that includes Python.h: it then builds with
nothing but a compiler, one file serves every version of Python, and each call releases the
interpreter lock. Without it the NumPy twins serve.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
import warnings
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

_NAME = "_kernel"
_FOLDER = os.path.join("rbsync", "masks", "kernel")


def find() -> str:
    """The path of the compiled kernel; empty when this package was installed without one."""
    spec = importlib.util.find_spec(f"{__package__}.{_NAME}")
    return spec.origin or "" if spec else ""


def hidden() -> str:
    """The compiled kernel of another rbsync, installed where Python looks later; empty for none.

    Python finds the first package of a name. A source tree that one stands in is found before
    the installed package, and has no kernel unless it was built there.
    """
    if find():
        return ""
    own = os.path.dirname(os.path.abspath(__file__))
    folders = (os.path.abspath(os.path.join(one, _FOLDER)) for one in sys.path)
    others = (one for one in folders if one != own)
    files = (os.path.join(one, _NAME + suffix) for one in others for suffix in EXTENSION_SUFFIXES)
    return next(filter(os.path.isfile, files), "")


def warn_when_hidden() -> None:
    """Says once that masks take longer than they must; workers leave it to the main process."""
    from multiprocessing import parent_process

    # One warning and not one for each worker.
    if (file := hidden()) and parent_process() is None:
        here = os.path.dirname(os.path.abspath(__file__))
        message = (
            f"masks are read without the compiled kernel: {here} has none, and is found before "
            f"{os.path.dirname(file)}. Start rbsync in another folder, or run `pip install -e .` "
            "in this one"
        )
        warnings.warn(message, RuntimeWarning, stacklevel=2)


Array = npt.NDArray[Any]

NO_CLASS = "a pixel is of a class that does not exist"
_CORNERS_OF_A_POINT = 4
_MOST_CORNERS = (1 << 31) - 2  # they are numbered with 32 bits
_FEW = 64
_MANY_CLASSES = 1 << 16
_Start = ctypes.c_char
_ADDRESS, _INT, _LONG = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "rb_classify": (_LONG, [_ADDRESS, _INT, _LONG, _ADDRESS, _INT, _ADDRESS, _INT]),
    "rb_mark": (_LONG, [_ADDRESS, _INT, _LONG, _ADDRESS, _LONG]),
    "rb_renumber": (_LONG, [_ADDRESS, _INT, _LONG, _ADDRESS, _LONG, _ADDRESS, _INT]),
    "rb_find_corners": (_LONG, [_ADDRESS, _INT, _LONG, _LONG] + [_ADDRESS] * 4 + [_LONG]),
    "rb_read_rings": (_LONG, [_ADDRESS, _INT, _LONG, _ADDRESS, _LONG] + [_ADDRESS] * 6),
    "rb_order": (_LONG, [_ADDRESS] * 4 + [_LONG] * 2 + [_ADDRESS] * 9),
    "rb_write_rings": (_LONG, [_ADDRESS] * 3 + [_LONG] + [_ADDRESS] * 2),
}


class Slots(Protocol):
    """A hash table of colours and their classes: a `ColourTable` is one."""

    @property
    def slots(self) -> Array: ...


@cache
def _library() -> ctypes.CDLL | None:
    path = find()
    if not path:
        warn_when_hidden()
        return None
    try:
        library = ctypes.CDLL(path)
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    # A wheel for another machine, or an older build of the kernel that lacks a function: both are
    # slow, not broken.
    except (OSError, AttributeError):
        return None
    return library


def available() -> bool:
    """Tells whether the compiled kernel was built for this machine and can be loaded."""
    return _library() is not None


def describe() -> str:
    """Which of the twins reads masks, and the file that it is in."""
    path = find()
    if available():
        return f"the compiled kernel, {path}"
    if path:
        return f"NumPy, for {path} cannot be loaded"
    if other := hidden():
        return f"NumPy, for this package has no compiled kernel and hides {other}"
    return "NumPy, for this package was installed without a compiler"


def _call(name: str, *arguments: Any) -> int:
    """Arrays are passed by address, so each must be contiguous; the callers below see to it."""
    addresses = [_address(a) if isinstance(a, np.ndarray) else a for a in arguments]
    return int(getattr(_library(), name)(*addresses) or 0)


def _address(array: Array) -> int:
    """Returns where an array begins. NumPy's own way takes three times as long, but any array."""
    if array.flags.writeable and array.nbytes:
        memory: Any = array
        return ctypes.addressof(_Start.from_buffer(memory))
    return int(array.ctypes.data)


def classify(colours: Array, table: Slots, out: Array) -> int:
    """Colours (pixels, 3 or 4) uint8 -> classes in ``out`` (pixels,).

    Gives the position of the first pixel whose colour is not in the table, or the number of
    pixels when there is none; in the first case ``out`` is of no use.
    """
    count, step = colours.shape
    # The table has a power of two of slots; the kernel shifts instead of dividing.
    bits = len(table.slots).bit_length() - 1
    return _call("rb_classify", colours, step, count, table.slots, bits, out, out.itemsize)


def mark(pixels: Array, seen: Array) -> None:
    """Sets ``seen`` (classes + 1,) bool where a class of the pixels (n,) is. Raises IndexError."""
    if not _call("rb_mark", pixels, pixels.itemsize, len(pixels), seen, len(seen)):
        raise IndexError(NO_CLASS)


def renumber(pixels: Array, table: Array, out: Array) -> None:
    """Writes what ``table`` (classes + 1,) has for each of the pixels (n,), in ``out`` (n,).

    Its type is unsigned and not larger than that of the pixels. Raises IndexError for a pixel
    that has no place in it.
    """
    given = (pixels, pixels.itemsize, len(pixels), table.astype(np.uint32), len(table))
    if not _call("rb_renumber", *given, out, out.itemsize):
        raise IndexError(NO_CLASS)


def trace(index: Array) -> tuple[Array, Array, Array, Array, Array]:
    """Class index (h, w) -> vertices (n, 2) int32, firsts, counts (r,) int64, values, holes.

    Every ring begins at its topmost, then leftmost vertex; their order is that of `Rings`.
    """
    nodes, corners = _corners(index)
    vertices, loops = np.empty((corners, 2), np.int32), np.empty((corners, 2), np.int32)
    saddles, columns = np.empty(corners // 2, np.int32), _columns(corners // 4)
    picture = (index, index.itemsize, index.shape[1])
    into = (vertices, loops, saddles, *columns)
    rings = _call("rb_read_rings", *picture, nodes, corners, *into)
    counts, values, holes = (column[:rings] for column in columns)
    most = 255 if index.itemsize == 1 else int(values.max(initial=0))
    return vertices, *_in_order(most, vertices, counts, values, holes)


def _columns(rings: int) -> tuple[Array, Array, Array]:
    return np.empty(rings, np.int64), np.empty(rings, np.uint32), np.empty(rings, np.bool_)


def _in_order(
    most: int, vertices: Array, counts: Array, values: Array, holes: Array
) -> tuple[Array, Array, Array, Array]:
    """The columns of rings whose classes are ``most`` at most, in the order of `Rings`."""
    rings = len(counts)
    if most > max(rings, _MANY_CLASSES):
        # A place for each would take more than the rings do.
        present, dense = np.unique(values, return_inverse=True)
        ordered = _in_order(len(present), vertices, counts, dense.astype(np.uint32), holes)
        return ordered[0], ordered[1], present[ordered[2]], ordered[3]
    groups = 2 * most + 2
    places, scratch = np.zeros(groups + 1, np.int64), np.empty((4, rings), np.int64)
    firsts, columns = np.empty(rings, np.int64), _columns(rings)
    given = (vertices, counts, values, holes, rings, groups)
    _call("rb_order", *given, places, *scratch, firsts, *columns)
    return firsts, *columns


def _corners(index: Array) -> tuple[Array, int]:
    """The linked corners of a class index, from row 1 on, and their number."""
    height, width = index.shape
    points = (height + 1) * (width + 1)
    # Memory that is not touched costs nothing, but there are limits to what one may ask for.
    # Masks have few corners for their pixels, noise has four at every point. The first guess is
    # enough for all but noise, and asking for the most at once would be refused on small machines.
    for wanted in (points // 3 + _FEW, _CORNERS_OF_A_POINT * points):
        most = min(wanted, _MOST_CORNERS)
        nodes = np.empty((most + 1, 4), np.int32)
        scratch = np.zeros(2 * (width + 2), index.dtype)
        turns, columns = np.empty(width + 1, index.dtype), np.zeros(2 * (width + 1), np.int32)
        given = (index, index.itemsize, width, height, scratch, turns, columns)
        count = _call("rb_find_corners", *given, nodes, most)
        if count >= 0:
            return nodes, count
    raise MemoryError(f"the rings have more than {_MOST_CORNERS:,} corners")


def write_rings(
    vertices: Array, firsts: Array, counts: Array, largest: int
) -> tuple[memoryview, Array]:
    """The JSON text ``[[x,y],...],[...]`` of rings, and where that of each ring ends in it.

    No coordinate is above ``largest``.
    """
    digits = len(str(largest))
    text = np.empty(int(counts.sum()) * (2 * digits + 4) + 3 * len(counts), np.uint8)
    firsts, counts = np.ascontiguousarray(firsts), np.ascontiguousarray(counts)
    ends = np.empty(len(counts), np.int64)
    length = _call("rb_write_rings", vertices, firsts, counts, len(counts), text, ends)
    return text[:length].data, ends
