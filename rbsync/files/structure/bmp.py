"""The structure of a BMP: its headers, and rows enough for its height.

Source: the BITMAPFILEHEADER and BITMAPINFOHEADER structures of the Windows GDI. The file's size
in the header is often 0 or wrong. No decoder needs it: the rows are what counts.
"""

from __future__ import annotations

from rbsync.files.structure.span import BrokenError, Span

_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_DEPTHS = frozenset({1, 2, 4, 8, 16, 24, 32, 64})
_PACKED = frozenset({1, 2, 4, 5})
"""Compressions whose rows have no fixed length: run lengths, JPEG, PNG."""

_FILE_HEADER = 14
_CORE = 12


def check(span: Span) -> None:
    """Raises BrokenError for a BMP that is cut off or whose header makes no sense."""
    (begin,) = span.unpack("<I", 10)
    (header,) = span.unpack("<I", _FILE_HEADER)
    if header not in _HEADERS:
        raise BrokenError("it begins with BM as a BMP does, but no header of a BMP follows")
    packed = 0
    if header == _CORE:
        width, height, _, depth = span.unpack("<HHHH", _FILE_HEADER + 4)
    else:
        width, height, _, depth = span.unpack("<iiHH", _FILE_HEADER + 4)
        if header >= 40:
            (packed,) = span.unpack("<I", _FILE_HEADER + 16)
    if width <= 0 or not height:
        raise BrokenError("its width or height is 0")
    if packed in _PACKED:
        span.need(begin + 1, "its header")
        return
    if depth not in _DEPTHS:
        raise BrokenError(f"it has {depth} bits a pixel, which no BMP has")
    stride = (width * depth + 31) // 32 * 4
    span.need(begin + stride * abs(height), f"its {abs(height):,} rows of {width:,} pixels")
