"""The structure of an MP4: its boxes, which end with the file.

Source: ISO/IEC 14496-12, section 4.2. A recorder that was stopped leaves no `moov`, and then no
player can find a single frame.
"""

from __future__ import annotations

from rbsync.files.structure.span import BrokenError, Span

_MOST_BOXES = 1_000_000
_PLAIN, _LARGE = 8, 16
_TO_THE_END, _IN_64_BITS = 0, 1


def check(span: Span) -> None:
    """Raises BrokenError for an MP4 that is cut off or lacks its index or its frames."""
    offset, count, seen = 0, 0, set[bytes]()
    # Fewer bytes than a box has in front, behind the last one, are passed over by players.
    while offset + (_PLAIN if seen else 1) <= span.size:
        size, kind = span.unpack(">I4s", offset)
        if size == _IN_64_BITS:
            (size,) = span.unpack(">Q", offset + _PLAIN)
        elif size == _TO_THE_END:
            size = span.size - offset
        if size < _PLAIN or count > _MOST_BOXES:
            raise BrokenError(f"what stands at byte {offset:,} is no box of an MP4")
        span.need(offset + size, f"its box `{kind.decode('latin-1')}`")
        seen.add(kind)
        count += 1
        offset += size
    for kind, what in ((b"moov", "the index of its frames"), (b"mdat", "its frames")):
        if kind not in seen:
            hint = "finish the recording, or convert it again with `ffmpeg -i IN -c copy OUT.mp4`"
            raise BrokenError(f"it has no `{kind.decode()}` box, which holds {what}", hint)
