"""Feeds a builder from JSON text, for the few documents that are JSON and not YAML.

libyaml refuses the surrogate pairs with which JSON may write a character such as an emoji, and
a key of more than 1,024 characters.
"""

from __future__ import annotations

import json
import re

from rbsync.errors import Location, Problem, UserError
from rbsync.manifest.builder import Builder
from rbsync.manifest.positions import pack
from rbsync.manifest.syntax import broken

_TOKEN = re.compile(
    r'(?P<space>[ \t\r\n]+)|(?P<text>"(?:[^"\\\x00-\x1f]|\\.)*")|(?P<mark>[\[\]{},:])'
    r"|(?P<plain>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)"
)


def looks_like_json(data: bytes) -> bool:
    """Tells whether the text begins as a JSON list or object does."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"[", b"{")


def json_error(text: str, file: str) -> UserError | None:
    """Returns why a text is not JSON, None when it is."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        reason = f"the JSON cannot be read: {error.msg.lower()}"
        return broken(reason, text.encode(), file, error.lineno - 1, error.colno - 1)
    # Numbers of thousands of digits and a thousand brackets are JSON, and no Python reads them.
    except (ValueError, RecursionError):
        return UserError([Problem("syntax", "the JSON cannot be read", Location(file))])
    return None


class JsonEvents:
    """One reading of JSON text, for which there is no ``json_error``, into a builder."""

    def __init__(self, text: str, builder: Builder) -> None:
        self._text = text
        self._builder = builder
        self._line = 0
        self._start = 0

    def feed(self) -> None:
        """Read to the end; raises ``UserError`` where a limit is passed."""
        position = 0
        while position < len(self._text):
            token = _TOKEN.match(self._text, position)
            if token is None:
                raise self._broken(position, "not valid JSON")
            self._take(token)
            position = token.end()

    def _take(self, token: re.Match[str]) -> None:
        kind, written, at = token.lastgroup, token.group(), token.start()
        place = pack(self._line, at - self._start)
        if kind == "space":
            self._count_lines(written, at)
        elif kind == "text":
            self._builder.scalar(place, self._text_of(written, at), plain=False)
        elif kind == "plain":
            self._builder.scalar(place, written, plain=True)
        elif written in "[{":
            self._builder.start(place, [] if written == "[" else {})
        elif written in "]}":
            self._builder.end()

    def _text_of(self, written: str, at: int) -> str:
        text: str = json.loads(written)
        # Python's reader lets them through, and the first one that encodes the text would fail, far
        # from this line.
        if not text.isascii() and any("\ud800" <= one <= "\udfff" for one in text):
            raise self._broken(at, "half a surrogate pair, which is no character")
        return text

    def _count_lines(self, space: str, at: int) -> None:
        lines = space.count("\n")
        if lines:
            self._line += lines
            self._start = at + space.rfind("\n") + 1

    def _broken(self, position: int, reason: str) -> UserError:
        column = position - self._start
        return broken(reason, self._text.encode(), self._builder.file, self._line, column)
