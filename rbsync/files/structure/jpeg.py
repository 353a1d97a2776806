"""The structure of a JPEG: its segments, a scan, and EOI.

Source: ITU-T T.81, annex B. Bytes after EOI are legal: telephones keep previews and videos there.
"""

from __future__ import annotations

from rbsync.files.structure.span import PIECE, BrokenError, Span

_EOI = b"\xff\xd9"
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers that no length follows: TEM, restarts and SOI."""

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN = 0xDA
_MOST_FILL = 1 << 16
_TAIL = 64
_MOST_SEGMENTS = 1 << 16
"""Before the picture; a profile or the words of an editor take some hundreds."""


def check(span: Span) -> None:
    """Raises BrokenError for a JPEG that is cut off or has no picture."""
    offset, framed = 2, False
    for _ in range(_MOST_SEGMENTS):
        offset, marker = _marker(span, offset)
        if marker == _EOI[1]:
            raise BrokenError("it has no picture: nothing stands before its end")
        if marker in _ALONE:
            continue
        (length,) = span.unpack(">H", offset)
        span.need(offset + length, "one of its segments")
        if marker in _FRAMES:
            framed = True
            _check_frame(span, offset)
        if marker == _SCAN:
            break
        offset += max(length, 2)
    else:
        raise BrokenError(f"it has more than {_MOST_SEGMENTS:,} segments before its picture")
    if not framed:
        raise BrokenError("it has no frame header (SOF) before its picture")
    if not _has_end(span, offset + length):
        raise BrokenError("it is cut off: the marker EOI, which ends a JPEG, is missing")


def _marker(span: Span, offset: int) -> tuple[int, int]:
    """The next marker and the offset behind it; fill bytes may stand before one."""
    for at in range(offset, offset + _MOST_FILL):
        first, second = span.unpack("BB", at)
        if first != 0xFF:
            raise BrokenError(f"what stands at byte {at:,} is no segment of a JPEG")
        if second != 0xFF:
            return at + 2, second
    raise BrokenError(f"it has more than {_MOST_FILL:,} fill bytes at byte {offset:,}")


def _check_frame(span: Span, offset: int) -> None:
    _, _, height, width, parts = span.unpack(">HBHHB", offset)
    # A height of 0 is legal: the segment DNL says it after the first scan.
    if not width or not parts:
        raise BrokenError("its width or number of components is 0")
    del height


def _has_end(span: Span, start: int) -> bool:
    """Tells whether EOI stands after an offset; looked for from the end, where it nearly always is.

    In a scan every byte 0xFF is followed by 0 or a restart, so that pixels never look like EOI.
    """
    end = span.size
    # At the very end of nearly every file.
    if end - _TAIL > start and _EOI in span.at(end - _TAIL, _TAIL):
        return True
    while end > start:
        begin = max(start, end - PIECE)
        # One byte more, for a marker that lies across two pieces.
        if _EOI in span.at(begin, end - begin + 1):
            return True
        end = begin
    return False
