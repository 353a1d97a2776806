"""The compiled walk over pictures in memory, when this machine has it: `is_whole` is False without.

It answers for the common form of a kind alone. What it is not sure of is looked at by the kind's
own module, so that a machine without it finds the same faults, only later.
"""

from __future__ import annotations

import ctypes
import importlib.util
from functools import cache
from typing import Any

from rbsync.files.kinds import BMP, CODES, JPEG, PNG

_NAMES = {CODES[PNG]: "walk_png", CODES[JPEG]: "walk_jpeg", CODES[BMP]: "walk_bmp"}

_ROOM = ctypes.c_byte * 64
_WHOLE, _COMING = 1, 2


def address_of(room: bytearray) -> int:
    """The address of a buffer, which must neither grow nor go while that is used."""
    return ctypes.addressof(ctypes.c_char.from_buffer(room))


@cache
def _library() -> Any:
    """The library; None where it was not built."""
    spec = importlib.util.find_spec(f"{__package__}._walk")
    if spec is None or not spec.origin:
        return None
    try:
        library = ctypes.CDLL(spec.origin)
        for name in _NAMES.values():
            # Without these ctypes would cut an address to 32 bits.
            getattr(library, name).argtypes = [ctypes.c_void_p, ctypes.c_int64]
        library.walk_png_piece.argtypes = [_ROOM, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int]
    # A library that was built of older sources lacks a function.
    except (OSError, AttributeError):
        return None
    return library


@cache
def _walks() -> dict[int, Any]:
    library = _library()
    return {code: getattr(library, name) for code, name in _NAMES.items() if library}


def available() -> bool:
    """Tells whether there is a compiled walk."""
    return bool(_walks())


def walk_at(code: int) -> int:
    """The address of the walk over files of a kind's code, for compiled code; 0 without one."""
    walk = _walks().get(code)
    return 0 if walk is None else ctypes.cast(walk, ctypes.c_void_p).value or 0


def is_whole(code: int, address: int, size: int) -> bool:
    """Tells whether a file of a kind's code is surely whole; all ``size`` bytes lie at the address.

    False proves nothing.
    """
    walk = _walks().get(code)
    return walk is not None and walk(address, size) == _WHOLE


class PngWalk:
    """A walk over a PNG larger than the buffer, a piece at a time as it is hashed.

    Such a file is read once for both. Reading it again would double what a large one costs.
    """

    def __init__(self) -> None:
        self._room = _ROOM()
        self._state, self._begun = _COMING, False
        self._library = _library()

    def feed(self, address: int, size: int) -> None:
        """Takes the next bytes; the first piece holds the header."""
        if self._library is not None and self._state == _COMING:
            first, self._begun = not self._begun, True
            self._state = self._library.walk_png_piece(self._room, address, size, first)

    def for_compiled(self) -> tuple[int, Any]:
        """The address of the walk over pieces, and its room, for compiled code; 0 without one."""
        if self._library is None:
            return 0, None
        return ctypes.cast(self._library.walk_png_piece, ctypes.c_void_p).value or 0, self._room

    def conclude(self, state: int) -> None:
        """Takes what compiled code came to that fed all pieces."""
        self._begun, self._state = True, state

    @property
    def is_whole(self) -> bool:
        """Tells whether what was fed is surely a whole PNG; False proves nothing."""
        return self._begun and self._state == _WHOLE
