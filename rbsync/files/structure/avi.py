"""The structure of an AVI: chunks of RIFF, each as long as it says, with its frames in one.

Source: the RIFF and AVI formats of Microsoft, and OpenDML 1.02, by which a file of more than a
gigabyte goes on in further chunks. What stands behind the last of them is passed over by players.
"""

from __future__ import annotations

from rbsync.files.structure.span import BrokenError, Span

_HEAD, _TYPE = 8, 4
_MOST_CHUNKS = 1_000_000
_UNFINISHED = "finish the recording, or repair it with `ffmpeg -i IN.avi -c copy OUT.avi`"


def check(span: Span) -> None:
    """Raises BrokenError for an AVI that is cut off, was never finished, or has no frames."""
    offset, has_frames = 0, False
    # Behind the last there may be what a tool has left, which is no chunk of RIFF.
    while offset == 0 or span.at(offset, _TYPE) == b"RIFF":
        (size,) = span.unpack("<I", offset + _TYPE)
        # The size is written last: a recorder that was stopped leaves none.
        if not size:
            raise BrokenError("its length was never written: nobody finished it", _UNFINISHED)
        end = offset + _HEAD + size
        span.need(end, "its frames and their index")
        has_frames = has_frames or _has_frames(span, offset + _HEAD + _TYPE, end)
        offset = end + size % 2
    if not has_frames:
        raise BrokenError("it has no list `movi`, which holds its frames", _UNFINISHED)


def _has_frames(span: Span, offset: int, end: int) -> bool:
    for _ in range(_MOST_CHUNKS):
        if offset + _HEAD + _TYPE > end:
            return False
        name, size, kind = span.unpack("<4sI4s", offset)
        if name == b"LIST" and kind == b"movi":
            return True
        offset += _HEAD + size + size % 2
    return False
