"""The lists of a long manifest, skipped while nobody asks for them: it was read, and was right.

Kept is where the lists stand in a content, by its SHA-256; never what they say. All else of the
manifest is read anew each time, and the lists once a source is looked at.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import NamedTuple

from rbsync.errors import RbsyncError, UserError
from rbsync.manifest.document import Document, read_document
from rbsync.version import VERSION
from rbsync.written_files import write_whole

FOLDER = ".rbsync"
NAME = "manifest.json"
LEAST = 1 << 18
"""Bytes of a manifest that takes longer to read than to skip."""


class Span(NamedTuple):
    """The bytes of a list with its key, from a line's begin to a line's begin, and its lines."""

    start: int
    end: int
    lines: int


def without(data: bytes, spans: Collection[Span]) -> bytes:
    """A manifest with empty lines in place of its lists, so that all else stands where it did."""
    parts, at = [], 0
    for start, end, lines in spans:
        parts += [data[at:start], b"\n" * lines]
        at = end
    return b"".join([*parts, data[at:]])


def kept_spans(
    file: str, data: bytes, lists: Collection[str], circumstances: str
) -> list[Span] | None:
    """The places of the lists in a content that was right in the same circumstances.

    None where that is not known, or what was kept is not as it was written.
    """
    if len(data) < LEAST:
        return None
    with suppress(OSError, ValueError, TypeError):
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with open(os.open(_path(file), flags), encoding="ascii") as opened:
            seal, _, text = opened.read(4096).partition("\n")
        # A file that was edited, or not written whole, is not believed.
        if seal == _sum(text.encode()):
            known, found = json.loads(text)
            spans = [Span(*one) for one in found]
            if known == _key(data, circumstances) and _are_lists(data, spans, lists):
                return spans
    return None


_KEY = re.compile(rb"\n[^\s#\[\]{},-]")
"""The begin of a line that may be a key beside those of the lists."""


def _are_lists(data: bytes, spans: Collection[Span], lists: Collection[str]) -> bool:
    """Tells whether spans are those of lists and of nothing else.

    What is kept lies beside the manifest, and may have come with it: whoever sealed the span of
    the policy too would have another manifest in force than the one that people see.
    """
    heads, at = tuple(f"{one}:".encode() for one in lists), 0
    for start, end, lines in spans:
        is_in_order = at <= start < end <= len(data) and data[start - 1 : start] in (b"", b"\n")
        is_list = data.startswith(heads, start) and not _KEY.search(data, start, end)
        if not (is_in_order and is_list and lines == data.count(b"\n", start, end)):
            return False
        # A line that was cut in the middle would go on as one of its own.
        if end < len(data) and data[end - 1 : end] != b"\n":
            return False
        at = end
    return True


def keep_spans(
    file: str, data: bytes, document: Document, lists: Collection[str], circumstances: str
) -> None:
    """Keeps where the lists of a manifest stand in which nothing is wrong."""
    folder = os.path.dirname(_path(file))
    # A plan leaves no trace in a folder that was never set up, and follows no link out of it.
    if len(data) < LEAST or not os.path.isdir(folder) or os.path.islink(folder):
        return
    spans = list(_spans(data, document, lists))
    # Tried before it is kept: the lines of a list may hold an anchor that the rest needs.
    if spans and _is_rest(document, read_rest(file, data, spans), lists):
        text = json.dumps([_key(data, circumstances), spans])
        with suppress(RbsyncError):
            write_whole(_path(file), f"{_sum(text.encode())}\n{text}".encode())


def read_rest(file: str, data: bytes, spans: Collection[Span]) -> Document | None:
    """The manifest without its lists; None where that is no document."""
    with suppress(UserError):
        return read_document(without(data, spans), file)
    return None


def _is_rest(whole: Document, rest: Document | None, lists: Collection[str]) -> bool:
    """Tells whether a document says the same as another but for its lists, at the same places."""
    kept = {key: value for key, value in whole.value.items() if key not in lists}
    return bool(kept and rest and rest.value == kept) and all(
        rest.locate((key,)) == whole.locate((key,)) for key in kept if rest
    )


def _spans(data: bytes, document: Document, lists: Collection[str]) -> Iterator[Span]:
    """Yields the lists that stand under a key at the begin of a line; none in other styles."""
    keys = sorted((document.locate((key,), key=True)[1:], key) for key in document.value)
    starts = _line_starts(data, [line for (line, _), _ in keys])
    lines = [line for (line, _), _ in keys]
    if any(column != 1 for (_, column), _ in keys) or len(set(lines)) < len(lines):
        return
    for at, (_, key) in enumerate(keys):
        if key in lists:
            start = starts[at]
            end = starts[at + 1] if at + 1 < len(keys) else len(data)
            yield Span(start, end, data.count(b"\n", start, end))


def _line_starts(data: bytes, lines: Collection[int]) -> list[int]:
    """The offsets of lines, which are counted from 1 and given in their order."""
    found, at, line = [], 0, 1
    for wanted in lines:
        while line < wanted:
            at = data.index(b"\n", at) + 1
            line += 1
        found.append(at)
    return found


def _path(file: str) -> str:
    return os.path.join(os.path.dirname(os.path.abspath(file)), FOLDER, NAME)


def _key(data: bytes, circumstances: str) -> str:
    # Another version may find something wrong with the same text.
    return f"{VERSION} {_sum(data)} {_sum(circumstances.encode())}"


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
