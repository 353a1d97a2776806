"""The compiled digests of many texts, when this machine has them."""

from __future__ import annotations

import ctypes
import importlib.util
from array import array
from functools import cache
from typing import Any

DIGEST = 16
"""Bytes of a digest of 128 bits."""


@cache
def _library() -> Any:
    """The library; None where it was not built."""
    spec = importlib.util.find_spec(f"{__package__}._digests")
    if spec is None or not spec.origin:
        return None
    try:
        library = ctypes.CDLL(spec.origin)
        for name in ("digest_texts", "digest_entries", "gather"):
            getattr(library, name).restype = None
        library.find_twice.restype = ctypes.c_int64
    # A library that was built of older sources lacks a function.
    except (OSError, AttributeError):
        return None
    return library


def available() -> bool:
    """Tells whether there are compiled digests."""
    return _library() is not None


def digest_texts(texts: bytes) -> array[int]:
    """XXH3 of 64 bits of texts with NUL between them."""
    count = texts.count(b"\0") + 1
    found = array("Q", bytes(8 * count))
    _library().digest_texts(texts, ctypes.c_int64(count), _at(found))
    return found


def digest_entries(
    texts: bytes, contents: bytes, before: bytes, behind: bytes
) -> tuple[bytes, int]:
    """XXH3 of 128 bits of each of some texts with a content of 16 bytes, and the sum of them all.

    The texts have NUL between them. The content stands behind its text, as hexadecimal digits with
    ``before`` and ``behind`` around it.
    """
    count = texts.count(b"\0") + 1
    found = ctypes.create_string_buffer(DIGEST * count)
    room = ctypes.create_string_buffer(len(texts) + len(before) + 2 * DIGEST + len(behind))
    total = (ctypes.c_uint64 * 3)()
    lengths = ctypes.c_int64(len(before)), ctypes.c_int64(len(behind))
    _library().digest_entries(
        texts,
        ctypes.c_int64(count),
        contents,
        before,
        lengths[0],
        behind,
        lengths[1],
        room,
        found,
        total,
    )
    return found.raw, sum(part << 64 * at for at, part in enumerate(total))


def gather(rows: bytes | bytearray, width: int, numbers: array[int]) -> bytes:
    """Rows of so many bytes, by their numbers, one behind the other."""
    found = ctypes.create_string_buffer(width * len(numbers))
    source = (ctypes.c_byte * 0).from_buffer(rows) if isinstance(rows, bytearray) else rows
    _library().gather(
        source, ctypes.c_int64(width), _at(numbers), ctypes.c_int64(len(numbers)), found
    )
    return found.raw


def find_twice(numbers: array[int]) -> array[int]:
    """The numbers that are more than once, sorted; those that are given are in no order then."""
    count = _library().find_twice(_at(numbers), ctypes.c_int64(len(numbers)))
    return numbers[:count]


def _at(numbers: array[int]) -> Any:
    return ctypes.c_void_p(numbers.buffer_info()[0])
