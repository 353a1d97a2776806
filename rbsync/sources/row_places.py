"""The places of the texts in an items list, looked for once something is wrong with one."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable
from functools import cached_property

from rbsync.errors import Location
from rbsync.shapes.json_members import skip

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_KEY = re.compile(r"\s*:")


class RowPlaces:
    """Finds paths in the rows of a JSON list. One serves all entries: a million have no own."""

    def __init__(self, file: str, read: Callable[[], str], below: Callable[[str], str]) -> None:
        """``read`` gives the text of the list again; ``below`` makes a path of it one of the
        manifest."""
        self._file, self._read, self._below = file, read, below
        self._row: tuple[Location | None, dict[str, int]] = None, {}

    def at(self, row: Location, path: str) -> Location:
        """The place of a path in a row; the row's own where it stands there in no such way."""
        # 20,000 slices of one study that are all missing are looked for in one reading of it.
        if self._row[0] != row:
            self._row = row, self._texts(row)
        offset = self._row[1].get(path)
        if offset is None:
            return row
        return Location(self._file, *self._line_of(offset))

    def _texts(self, row: Location) -> dict[str, int]:
        """The offsets of the texts of a row, without its keys, as paths of the manifest too."""
        if not 0 < (row.line or 0) <= len(self._starts):
            return {}
        begin = skip(self._text, self._starts[(row.line or 1) - 1] + (row.column or 1) - 1)
        try:
            _, end = json.JSONDecoder().raw_decode(self._text, begin)
        except (ValueError, RecursionError):
            return {}
        found: dict[str, int] = {}
        key = ""
        for one in _TEXT.finditer(self._text, begin, end):
            if _KEY.match(self._text, one.end()):
                key = one[0]
            # A datapoint is often called as its file.
            elif key != '"name"':
                text = json.loads(one[0], strict=False)
                found.setdefault(text, one.start())
                found.setdefault(self._below(text), one.start())
        return found

    def _line_of(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    @cached_property
    def _text(self) -> str:
        try:
            return self._read()
        except (OSError, UnicodeDecodeError):
            return ""

    @cached_property
    def _starts(self) -> list[int]:
        """The offset of each line."""
        return [0, *(one.end() for one in re.finditer("\n", self._text))]
