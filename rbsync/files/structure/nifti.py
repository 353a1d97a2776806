"""The structure of a NIfTI file: a header, and voxels enough for its shape.

Source: nifti1.h and nifti2.h of the NIfTI Data Format Working Group.
"""

from __future__ import annotations

import math
import struct
from typing import NamedTuple

from rbsync.files.structure.span import BrokenError, Span

HEADER = 544
"""Bytes that are enough for the header of either version."""


class _Layout(NamedTuple):
    """The fields that tell how many bytes a file needs: format and offset."""

    dim: tuple[str, int]
    bits: tuple[str, int]
    begin: tuple[str, int]
    magic: tuple[int, bytes, bytes]


_LAYOUTS = {
    348: _Layout(("8h", 40), ("h", 72), ("f", 108), (344, b"n+1\0", b"ni1\0")),
    540: _Layout(("8q", 16), ("h", 14), ("q", 168), (4, b"n+2\0", b"ni2\0")),
}


def check(span: Span) -> None:
    """Raises BrokenError for a NIfTI file that is cut off or whose header makes no sense."""
    span.need(needed(span.at(0, HEADER)), "its voxels")


def needed(start: bytes) -> int:
    """Returns how many bytes a NIfTI file has at least, by its first `HEADER` bytes.

    Of a header whose voxels lie in another file (.hdr and .img), the header alone. Raises
    BrokenError for what is no NIfTI header.
    """
    size, order = _version(start)
    layout = _LAYOUTS[size]
    dim = struct.unpack_from(order + layout.dim[0], start, layout.dim[1])
    (bits,) = struct.unpack_from(order + layout.bits[0], start, layout.bits[1])
    (begin,) = struct.unpack_from(order + layout.begin[0], start, layout.begin[1])
    shape = dim[1 : 1 + max(dim[0], 0)]
    if not 1 <= dim[0] <= 7 or min(shape) < 1 or bits < 1:
        raise BrokenError("its NIfTI header says no shape that voxels can have")
    offset, _, apart = layout.magic
    if start[offset : offset + 4] == apart:
        return size
    first = int(begin) if math.isfinite(begin) and begin > 0 else size
    count: int = math.prod(shape)
    return first + int(count * bits + 7) // 8


def _version(start: bytes) -> tuple[int, str]:
    for size, layout in _LAYOUTS.items():
        offset, one_file, apart = layout.magic
        if len(start) >= size and start[offset : offset + 4] in (one_file, apart):
            for order in "<>":
                if struct.unpack_from(order + "i", start)[0] == size:
                    return size, order
    raise BrokenError("it does not begin with the header of a NIfTI file")
