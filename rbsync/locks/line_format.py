"""The lines of a lock file: sums as `sha256sum` writes them, notes in lines that it skips. Pure."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from rbsync.locks.lock_content import Note

_SUM = re.compile(rb"(\\?)([0-9a-f]{64})  (.+)", re.DOTALL)
_ESCAPED = re.compile(rb"\\(.?)", re.DOTALL)
_PLAIN = {b"\\": b"\\", b"n": b"\n", b"r": b"\r"}
NOTE = b"# "
# Made once: `json.dumps` makes one for each of a million notes.
_COMPACT = json.JSONEncoder(separators=(",", ":"))


class LineError(ValueError):
    """A line is none of a lock file; the message says why."""


def raw(path: str) -> bytes:
    """The bytes of a path or name, by which lines are sorted."""
    return path.encode("utf-8", "surrogateescape")


def sum_line(path: str, digest: str) -> bytes:
    """The line of a file, without its end."""
    # `sha256sum -c` reads a file called `-` from its standard input.
    name = b"./-" if path == "-" else raw(path)
    # Next to no path of a million has any of these, and each replacement makes a copy.
    if b"\\" not in name and b"\n" not in name and b"\r" not in name:
        return b"%b  %b" % (digest.encode(), name)
    escaped = name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    return b"\\%b  %b" % (digest.encode(), escaped)


def read_sum(line: bytes) -> tuple[str, str]:
    """The path and the digest of a line. Raises LineError."""
    match = _SUM.fullmatch(line)
    if match is None:
        raise LineError("neither a sum with a path nor a note")
    mark, digest, name = match.groups()
    if mark:
        name = _ESCAPED.sub(_unescaped, name)
    elif b"\r" in name:
        # Taken for a part of the path, each file would seem to have moved.
        raise LineError("a carriage return: the line ends were changed on the way here")
    path = name.decode("utf-8", "surrogateescape")
    return "-" if path == "./-" else path, digest.decode()


def _unescaped(match: re.Match[bytes]) -> bytes:
    if match[1] not in _PLAIN:
        raise LineError("a backslash that escapes nothing")
    return _PLAIN[match[1]]


def note_line(note: Note) -> bytes:
    """The line of a datapoint, without its end; what is empty or is the path is left out."""
    if note.name == note.path and note.settings and not any(note[4:]):
        # Mostly no more is to be said than this, with the same settings for a whole source.
        return b'# {"settings":%b,"size":%d}' % (_quoted(note.settings), note.size)
    members: dict[str, Any] = {
        "name": "" if note.name == note.path else note.name,
        "items": note.items,
        "refs": list(note.refs),
        "labels": note.labels,
        "label_files": list(note.label_files),
        "settings": note.settings,
        "size": note.size,
    }
    kept = {key: value for key, value in members.items() if value or key == "size"}
    # Escaped to ASCII: a name with a newline or with bytes that are no UTF-8 stays one line.
    return NOTE + _COMPACT.encode(kept).encode()


@lru_cache
def _quoted(text: str) -> bytes:
    return _COMPACT.encode(text).encode()


def read_note(line: bytes, path: str) -> Note:
    """The datapoint of a line, beside the file of ``path``. Raises LineError."""
    try:
        found = json.loads(line.removeprefix(NOTE))
        return Note(
            _text(found.get("name", path)),
            path,
            _text(found["settings"]),
            int(found["size"]),
            _text(found.get("items", "")),
            _text(found.get("labels", "")),
            tuple(map(_text, found.get("refs", ()))),
            tuple(map(_text, found.get("label_files", ()))),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LineError("a note that cannot be read") from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    # Half of a letter, which JSON can say, is in no name and in no text that could be written.
    raw(value)
    return value
