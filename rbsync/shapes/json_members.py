"""The members of a JSON list one by one: none of them may take more memory than people's do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from rbsync.possessive import compiled

MOST_LETTERS = 16 << 20
MOST_NODES = 1_000_000
"""Lists, objects and values of one member. A value takes up to a hundred times its letters."""

_WINDOW = 4 << 20
"""Letters that are read at once. A member that ends beyond them is measured before it is read."""

_TOKEN = compiled(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]', re.DOTALL)


class Member(NamedTuple):
    """A value of the list, and the offsets of its text."""

    value: Any
    begin: int
    end: int


class MembersError(ValueError):
    """The list cannot be read on from an offset."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class LineCounter:
    """Lines and columns of growing offsets in a text, each of whose letters is looked at once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._line, self._start, self._seen = 1, 0, 0

    def at(self, offset: int) -> tuple[int, int]:
        """The line and the column of an offset, both from 1."""
        lines = self._text.count("\n", self._seen, offset)
        if lines:
            self._line += lines
            self._start = self._text.rindex("\n", self._seen, offset) + 1
        self._seen = offset
        return self._line, offset - self._start + 1


def members(text: str, **hooks: Any) -> Iterator[Member]:
    """Reads a list; ``hooks`` are those of `json.JSONDecoder`. Raises MembersError."""
    reader = _Reader(text, json.JSONDecoder(**hooks))
    at = skip(text, skip(text, 0) + 1)
    more = text[at : at + 1] != "]"
    while more:
        value, end = reader.value(at)
        yield Member(value, at, end)
        at = skip(text, end)
        more = text[at : at + 1] == ","
        if more:
            at = skip(text, at + 1)
        elif text[at : at + 1] != "]":
            raise MembersError("expected `,` or `]`", at)
    at = skip(text, at + 1)
    if at < len(text):
        raise MembersError("there is more after the list", at)


def is_list(text: str) -> bool:
    """Tells whether a text begins as a JSON list does."""
    at = skip(text, 0)
    return text[at : at + 1] == "["


def skip(text: str, at: int) -> int:
    """The offset of the next letter that is no space."""
    while text[at : at + 1] in (" ", "\t", "\n", "\r"):
        at += 1
    return at


def refuse_large(text: str, begin: int = 0, end: int | None = None) -> None:
    """Raises MembersError for the text of one value that is larger than any that people write."""
    end = len(text) if end is None else end
    if end - begin > MOST_LETTERS:
        raise _too_long(begin)
    nodes = 1 + sum(text.count(mark, begin, end) for mark in ",[{")
    # Commas of texts count as well: who is near the limit is measured as it is.
    if nodes > MOST_NODES:
        _extent(text, begin)


class _Reader:
    """Reads values of a text, of which only a part is looked at."""

    def __init__(self, text: str, decoder: json.JSONDecoder) -> None:
        self._text, self._decoder = text, decoder
        self._start, self._window = 0, text[:_WINDOW]

    def value(self, at: int) -> tuple[Any, int]:
        if at - self._start > _WINDOW // 2 and self._is_cut:
            self._start, self._window = at, self._text[at : at + _WINDOW]
        try:
            value, end = self._decoded(self._window, at - self._start, self._start)
            # A number may go on behind the window.
            if end < self._start + len(self._window) or not self._is_cut:
                return value, end
        except MembersError:
            if not self._is_cut:
                raise
        part = self._text[at : _extent(self._text, at)]
        return self._decoded(part, 0, at)

    @property
    def _is_cut(self) -> bool:
        return self._start + len(self._window) < len(self._text)

    def _decoded(self, part: str, at: int, start: int) -> tuple[Any, int]:
        try:
            value, end = self._decoder.raw_decode(part, at)
        except json.JSONDecodeError as error:
            raise MembersError(error.msg.lower(), start + error.pos) from error
        except RecursionError as error:
            raise MembersError("it is nested too deeply", start + at) from error
        except ValueError as error:
            raise MembersError("a number is too long", start + at) from error
        return value, start + end


def _extent(text: str, begin: int) -> int:
    """The place where a value ends. Raises MembersError for one that is too large to be read."""
    depth, nodes = 0, 1
    for token in _TOKEN.finditer(text, begin, begin + MOST_LETTERS + 1):
        mark = token.group()[0]
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
        nodes += mark in "[{,"
        if nodes > MOST_NODES:
            message = f"an entry has more than {MOST_NODES:,} values; so many are allowed"
            raise MembersError(message, begin)
        # A text that is cut by the limit ends at it, one letter too far.
        if depth <= 0 and token.end() - begin <= MOST_LETTERS:
            return token.end() if mark in ']}"' and depth == 0 else token.start()
    if len(text) - begin > MOST_LETTERS:
        raise _too_long(begin)
    return len(text)


def _too_long(begin: int) -> MembersError:
    most = f"{MOST_LETTERS >> 20} MiB"
    return MembersError(f"an entry has more than {most}; {most} are allowed", begin)
