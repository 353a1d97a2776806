"""Refuses what is not UTF-8 text, with the byte at which it is not."""

from __future__ import annotations

import codecs

from rbsync.errors import Location, Problem, UserError

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CHUNK = 1 << 20


def check_text(data: bytes, file: str) -> None:
    """Pass UTF-8 text with or without a byte order mark; raise ``UserError`` for all else."""
    if data.startswith(_UTF_16):
        raise _refused(data, 0, file, "the file is UTF-16, not UTF-8", "save it as UTF-8")
    if (offset := data.find(b"\0")) >= 0:
        raise _refused(data, offset, file, f"a NUL byte at byte {offset}")
    invalid = _first_invalid(data)
    if invalid is not None:
        message = f"byte {invalid} is not valid UTF-8"
        raise _refused(data, invalid, file, message, "save the file as UTF-8")


def _first_invalid(data: bytes) -> int | None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(data) + 1, _CHUNK):
        chunk = data[start : start + _CHUNK]
        kept = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk, final=start + _CHUNK > len(data))
        except UnicodeDecodeError as error:
            return start - kept + error.start
    return None


def _refused(data: bytes, offset: int, file: str, message: str, hint: str = "") -> UserError:
    before = data[:offset]
    column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace"))
    place = Location(file, before.count(b"\n") + 1, column + 1)
    return UserError([Problem("encoding", message, place, hint)])
