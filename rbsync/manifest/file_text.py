"""A file read whole, after its size has been looked at, and refused when it is not UTF-8 text."""

from __future__ import annotations

import codecs
import errno
import os
import stat

from rbsync.errors import Location, Problem, UserError
from rbsync.files import kinds
from rbsync.files.written_text import UTF16, wide_encoding
from rbsync.manifest.limits import LIMITS, MIB, Limits

_ITEMS_LIST = "put long lists of datapoints in a file of their own and name it with `items_list`"


def read_limited(
    path: str, file: str, limits: Limits = LIMITS, *, too_large: str = _ITEMS_LIST
) -> bytes:
    """The bytes of a regular file; ``too_large`` is the next step for one that is.

    Raises ``UserError`` when it is missing, unreadable, no file, or larger than the limit; a
    larger one is not read.
    """
    try:
        # Without O_NONBLOCK the opening of a pipe would wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise _unreadable(error, file) from None
    try:
        status = os.fstat(descriptor)
        _check(status, file, limits, too_large)
        with os.fdopen(descriptor, "rb", closefd=False) as opened:
            # Not at once as much as the limit, for which there would have to be memory.
            data = opened.read(status.st_size + 1)
            # The file has grown since its size was looked at, or the system makes it up.
            if len(data) > status.st_size:
                data += opened.read(limits.size + 1 - len(data))
    except OSError as error:
        raise _unreadable(error, file) from None
    finally:
        os.close(descriptor)
    if len(data) > limits.size:
        raise _too_large(len(data), file, limits, too_large)
    return data


def _check(status: os.stat_result, file: str, limits: Limits, too_large: str) -> None:
    # Of the open file, not of the path: another may stand there by now. A device would be read for
    # ever.
    if not stat.S_ISREG(status.st_mode):
        hint = (
            "-f names the manifest itself, and -C its folder"
            if stat.S_ISDIR(status.st_mode)
            else ""
        )
        raise _refused("unreadable", "it is not a regular file", file, hint)
    if status.st_size > limits.size:
        raise _too_large(status.st_size, file, limits, too_large)


def _too_large(size: int, file: str, limits: Limits, hint: str) -> UserError:
    message = f"the file has {size / MIB:,.0f} MiB; the limit is {limits.size / MIB:,.0f} MiB"
    return _refused("too-large", message, file, hint)


def _unreadable(error: OSError, file: str) -> UserError:
    if error.errno == errno.ENOENT:
        hint = "`rbsync init` writes a manifest; -f names one, and -C its folder"
        return _refused("missing-file", "there is no such file", file, hint)
    return _refused("unreadable", f"it cannot be read: {error.strerror}", file)


def _refused(code: str, message: str, file: str, hint: str = "") -> UserError:
    return UserError([Problem(code, message, Location(file), hint)])


_CHUNK = 1 << 20


def check_text(data: bytes, file: str) -> None:
    """Pass UTF-8 text with or without a byte order mark; raise ``UserError`` for all else."""
    # Before the NUL bytes, of which UTF-16 is full: the hint is worth more than the byte's place.
    kind = kinds.sniff(data[: kinds.HEAD])
    if kind in kinds.IN_PLACE:
        hint = kinds.next_step("", kind)
        raise _refused_at(data, 0, file, f"the file is {kinds.called(kind)}", hint)
    offset = data.find(b"\0")
    if (offset >= 0 or data.startswith(UTF16)) and (name := wide_encoding(data)):
        raise _refused_at(data, 0, file, f"the file is {name}, not UTF-8", "save it as UTF-8")
    if offset >= 0:
        raise _refused_at(data, offset, file, f"a NUL byte at byte {offset}")
    invalid = _first_invalid(data)
    if invalid is not None:
        message = f"byte {invalid} (0x{data[invalid]:02x}) is not valid UTF-8"
        raise _refused_at(data, invalid, file, message, "save the file as UTF-8")


def _first_invalid(data: bytes) -> int | None:
    # In pieces: the text of a large file as one str would take up to four times its size, for a
    # check.
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(data) + 1, _CHUNK):
        chunk = data[start : start + _CHUNK]
        # A character that was cut by the end of a piece is wrong where it began, in the piece
        # before.
        kept = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk, final=start + _CHUNK > len(data))
        except UnicodeDecodeError as error:
            return start - kept + error.start
    return None


def _refused_at(data: bytes, offset: int, file: str, message: str, hint: str = "") -> UserError:
    before = data[:offset]
    column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace"))
    place = Location(file, before.count(b"\n") + 1, column + 1)
    return UserError([Problem("encoding", message, place, hint)])
