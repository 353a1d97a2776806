"""The structure of a DICOM file: its elements, to the last one.

Source: DICOM PS3.5 section 7 (elements, sequences, encapsulated pixels) and PS3.10 section 7.1.
Only what proves that a file was cut off is a fault. Much that scanners write follows no standard,
and what this walk does not understand is left to those who do.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection
from typing import NamedTuple

from rbsync.files.structure.span import BrokenError, Span, most_unpacked

_PREAMBLE = 132
_LONG = frozenset(
    {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
)
"""Value representations whose length has 32 bits, after two bytes of nothing."""

_DEFLATED = b"1.2.840.10008.1.2.1.99"
_BIG_ENDIAN = b"1.2.840.10008.1.2.2"
_IMPLICIT = b"1.2.840.10008.1.2"
_ITEM, _ITEM_END, _SEQUENCE_END = (0xFFFE, 0xE000), (0xFFFE, 0xE00D), (0xFFFE, 0xE0DD)
_PIXELS = (0x7FE0, 0x0010)
_SYNTAX = (0x0002, 0x0010)
_OPEN = 0xFFFFFFFF
# A walk over more takes seconds, and what follows is left to those who read the file.
_MOST_ELEMENTS = 500_000
_LONGEST_VALUE = 4096


class _Form(NamedTuple):
    """The form in which elements are written."""

    order: str
    explicit: bool


class _Element(NamedTuple):
    tag: tuple[int, int]
    begin: int
    length: int


class _StrangeError(Exception):
    """The file has a form that this walk does not know, which proves nothing."""


def check(span: Span) -> None:
    """Raises BrokenError for a DICOM file that is cut off."""
    try:
        begin, syntax = _meta(span)
        if syntax == _DEFLATED:
            _check_deflated(span, begin)
            return
        _walk(span, begin, _form(span, begin, syntax))
    except (_StrangeError, struct.error):
        return


class Fields(NamedTuple):
    """Values by tag, as they are in the file, and the order of the bytes of their numbers."""

    values: dict[tuple[int, int], bytes]
    order: str = "<"


def fields(span: Span, wanted: Collection[tuple[int, int]]) -> Fields:
    """The wanted elements that stand in no sequence, as far as the file has a known form."""
    found: dict[tuple[int, int], bytes] = {}
    order = "<"
    try:
        begin, syntax = _meta(span, found)
        if syntax != _DEFLATED:
            form = _form(span, begin, syntax)
            order = form.order
            _collect(span, begin, form, wanted, found)
    except (_StrangeError, BrokenError, struct.error):
        pass
    return Fields({tag: value for tag, value in found.items() if tag in wanted}, order)


def _collect(
    span: Span,
    offset: int,
    form: _Form,
    wanted: Collection[tuple[int, int]],
    found: dict[tuple[int, int], bytes],
) -> None:
    last = max(wanted)
    depth = 0
    for _ in range(_MOST_ELEMENTS):
        if offset >= span.size:
            return
        element = _element(span, offset, form)
        if element.tag in (_ITEM_END, _SEQUENCE_END):
            depth, offset = max(0, depth - 1), element.begin
            continue
        # Elements are in order, and the pixels, which are nearly all of the file, come last.
        if not depth and element.tag > last:
            return
        if element.length == _OPEN:
            depth, offset = depth + 1, element.begin
            continue
        if not depth and element.tag in wanted:
            found[element.tag] = span.at(element.begin, min(element.length, _LONGEST_VALUE))
        offset = element.begin + element.length


def _form(span: Span, begin: int, syntax: bytes) -> _Form:
    order = ">" if syntax == _BIG_ENDIAN else "<"
    return _Form(order, syntax != _IMPLICIT if syntax else _looks_explicit(span, begin))


def _meta(span: Span, found: dict[tuple[int, int], bytes] | None = None) -> tuple[int, bytes]:
    """Returns where the data set begins, and its transfer syntax; empty where the file does not say
    it. What the meta information has is added to ``found``.
    """
    if span.at(128, 4) != b"DICM":
        return 0, b""
    offset, syntax = _PREAMBLE, b""
    form = _Form("<", explicit=True)
    while offset < span.size and span.at(offset, 2) == b"\x02\0":
        element = _element(span, offset, form)
        span.need(element.begin + element.length, "its meta information")
        if found is not None:
            found[element.tag] = span.at(element.begin, min(element.length, _LONGEST_VALUE))
        if element.tag == _SYNTAX:
            syntax = span.at(element.begin, element.length).rstrip(b"\0 ")
        offset = element.begin + element.length
    if offset >= span.size:
        raise BrokenError("it is cut off: nothing follows its meta information")
    return offset, syntax


def _looks_explicit(span: Span, offset: int) -> bool:
    letters = span.at(offset + 4, 2)
    return letters.isalpha() and letters.isupper()


def _element(span: Span, offset: int, form: _Form) -> _Element:
    head = span.at(offset, 12)
    if len(head) < 8:
        raise BrokenError(f"it is cut off in the middle of an element, at byte {offset:,}")
    tag = struct.unpack_from(form.order + "HH", head)
    is_mark = tag[0] == _ITEM[0]
    if not form.explicit or is_mark:
        (length,) = struct.unpack_from(form.order + "I", head, 4)
        return _Element(tag, offset + 8, length)
    if not head[4:6].isalpha():
        raise _StrangeError
    if head[4:6] not in _LONG:
        (length,) = struct.unpack_from(form.order + "H", head, 6)
        return _Element(tag, offset + 8, length)
    if len(head) < 12:
        raise BrokenError(f"it is cut off in the middle of an element, at byte {offset:,}")
    (length,) = struct.unpack_from(form.order + "I", head, 8)
    return _Element(tag, offset + 12, length)


def _walk(span: Span, begin: int, form: _Form) -> None:
    """Walks all elements; those of open sequences are walked into, since nothing tells their end.

    ``depth`` counts the sequences and items that are open.
    """
    offset = begin
    depth = 0
    last: tuple[int, int] = (0, 0)
    for _ in range(_MOST_ELEMENTS):
        if offset >= span.size:
            break
        if not depth and not any(span.at(offset, 8)):
            return  # Zeros after the last element are padding.
        element = _element(span, offset, form)
        if element.tag in (_ITEM_END, _SEQUENCE_END):
            depth = max(0, depth - 1)
            offset = element.begin
            continue
        if not depth and element.tag < last:
            raise _StrangeError
        last = element.tag if not depth else last
        if element.length == _OPEN:
            depth += 1
            offset = element.begin
            continue
        span.need(element.begin + element.length, _named(element.tag))
        offset = element.begin + element.length
    else:
        return
    if depth:
        raise BrokenError("it is cut off: a sequence or its pixels do not come to their end")


def _named(tag: tuple[int, int]) -> str:
    name = "its pixels" if tag == _PIXELS else "its element"
    return f"{name} ({tag[0]:04x},{tag[1]:04x})"


def _check_deflated(span: Span, begin: int) -> None:
    packed = zlib.decompressobj(-15)
    left = most_unpacked(span.size)
    try:
        for piece in span.pieces(begin, span.size):
            data = piece
            while data and not packed.eof:
                left -= len(packed.decompress(data, 1 << 20))
                data = packed.unconsumed_tail
                if left < 0:
                    return
    except zlib.error as error:
        raise BrokenError(f"its packed elements are damaged ({error})") from error
    if not packed.eof:
        raise BrokenError("it is cut off: its packed elements do not come to their end")
