"""DICOM files that are whole: small, of explicit VR little endian."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from types import MappingProxyType

_EXPLICIT = b"1.2.840.10008.1.2.1\0"


def dicom(
    number: int,
    *,
    rows: int = 2,
    columns: int = 2,
    frames: int = 1,
    more: Mapping[tuple[int, int], tuple[bytes, str]] = MappingProxyType({}),
) -> bytes:
    """A slice; the number is that of its instance and the value of its pixels.

    ``more`` are further elements by tag, or others in place of those, each with its form.
    """
    meta = _element(2, 0x10, b"UI", _EXPLICIT)
    elements = {
        (0x0008, 0x0018): (b"UI", b"1.2.3.%d" % number),
        (0x0020, 0x0013): (b"IS", b"%d" % number),
        (0x0028, 0x0010): (b"US", struct.pack("<H", rows)),
        (0x0028, 0x0011): (b"US", struct.pack("<H", columns)),
        (0x7FE0, 0x0010): (b"OW", struct.pack("<H", number) * (rows * columns * frames)),
        **{tag: (form, value.encode()) for tag, (form, value) in more.items()},
    }
    if frames > 1:
        elements[0x0028, 0x0008] = (b"IS", b"%d" % frames)
    body = [_element(*tag, *elements[tag]) for tag in sorted(elements)]
    length = _element(2, 0, b"UL", struct.pack("<I", len(meta)))
    return bytes(128) + b"DICM" + length + meta + b"".join(body)


def _element(group: int, number: int, form: bytes, value: bytes) -> bytes:
    value += (b"\0" if form == b"UI" else b" ") * (len(value) % 2)
    head = struct.pack("<HH2s", group, number, form)
    length = struct.pack("<HI", 0, len(value)) if form == b"OW" else struct.pack("<H", len(value))
    return head + length + value
