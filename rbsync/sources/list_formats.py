"""The formats of an items list: JSON, JSON Lines and CSV, each read to rows with their places."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from rbsync.errors import Location
from rbsync.guessing import nearest
from rbsync.repeated_keys import keep_repeated

METADATA = "metadata."
CSV_COLUMNS = ("name", "item", "labels", "priority")


class Row(NamedTuple):
    """One entry of a list, not checked yet, its place, and what is wrong with how it stands."""

    value: Any
    place: Location
    wrong: str = ""


class ListError(ValueError):
    """The list itself cannot be read on; ``code`` is that of the problem."""

    def __init__(self, message: str, place: Location, code: str = "items-list") -> None:
        super().__init__(message)
        self.place = place
        self.code = code


def _read_json(text: str, file: str) -> Iterator[Row]:
    """The members of a JSON array one by one, so that each has its place."""
    # One entry at a time: `json.load` has no places, and an error in a list of a million needs one.
    decode, places = json.JSONDecoder(**_hook(text)).raw_decode, _Places(text, file)
    at = _skip(text, 0)
    if text[at : at + 1] != "[":
        raise ListError("an items list is a JSON array of objects", places.at(at))
    at = _skip(text, at + 1)
    more, odd = text[at : at + 1] != "]", _may_be_odd(text)
    while more:
        try:
            value, end = decode(text, at)
        except (ValueError, RecursionError) as error:
            place = places.at(error.pos if isinstance(error, json.JSONDecodeError) else at)
            raise ListError(_broken(error), place) from error
        yield Row(value, places.at(at), _oddity(value) if odd else "")
        at = _skip(text, end)
        more = text[at : at + 1] == ","
        if more:
            at = _skip(text, at + 1)
        elif text[at : at + 1] != "]":
            raise ListError("the JSON cannot be read: expected `,` or `]`", places.at(at))
    at = _skip(text, at + 1)
    if at < len(text):
        raise ListError("the JSON cannot be read: there is more after the list", places.at(at))


def _hook(text: str) -> dict[str, Any]:
    """Keys that are given twice are looked for where there are segment maps: it takes time."""
    return {"object_pairs_hook": keep_repeated} if '"segmentMap"' in text else {}


def _broken(error: ValueError | RecursionError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"the JSON cannot be read: {error.msg.lower()}"
    what = (
        "it is nested too deeply" if isinstance(error, RecursionError) else "a number is too long"
    )
    return f"the JSON cannot be read: {what}"


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] in (" ", "\t", "\n", "\r"):
        at += 1
    return at


def _may_be_odd(text: str) -> bool:
    """Tells whether JSON's escapes may spell half of a character, which a text cannot have."""
    return "\\ud" in text or "\\uD" in text


def _oddity(value: Any) -> str:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return "half of a character (a lone surrogate such as \\ud800) is no text"
    return ""


class _Places:
    """Lines and columns of growing offsets in a text, each of whose letters is looked at once."""

    def __init__(self, text: str, file: str) -> None:
        self._text, self._file = text, file
        self._line, self._start, self._seen = 1, 0, 0

    def at(self, offset: int) -> Location:
        lines = self._text.count("\n", self._seen, offset)
        if lines:
            self._line += lines
            self._start = self._text.rindex("\n", self._seen, offset) + 1
        self._seen = offset
        return Location(self._file, self._line, offset - self._start + 1)


def _read_jsonl(text: str, file: str) -> Iterator[Row]:
    odd, hook = _may_be_odd(text), _hook(text)
    # Not `splitlines`, which also splits at characters that may stand in a JSON text.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line, **hook)
        except (ValueError, RecursionError) as error:
            column = error.colno if isinstance(error, json.JSONDecodeError) else 1
            raise ListError(_broken(error), Location(file, number, column)) from error
        yield Row(value, Location(file, number, 1), _oddity(value) if odd else "")


def _read_csv(text: str, file: str) -> Iterator[Row]:
    # Not strict, a quote that is never closed swallows the rest of the file into one cell.
    table = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = next(table, [])
        _check_columns(columns, Location(file, 1, 1))
        # Rows of a name that stand apart are two datapoints, which is then told as a duplicate
        # name. Gathering them would need the whole file in memory.
        for _, rows in groupby(_numbered(table, columns), key=_same_datapoint):
            yield _csv_row(list(rows), file)
    except csv.Error as error:
        message = f"the CSV cannot be read: {error}"
        raise ListError(message, Location(file, max(table.line_num, 1), 1)) from error


def _check_columns(columns: list[str], place: Location) -> None:
    for needed in ("name", "item"):
        if needed not in columns:
            raise ListError(f"the first line must name a column `{needed}`", place)
    for column in columns:
        if column not in CSV_COLUMNS and not column.startswith(METADATA):
            message = f"unknown column `{column}`{guess(column, CSV_COLUMNS)}"
            raise ListError(message, place)
        if columns.count(column) > 1:
            raise ListError(f"the column `{column}` stands twice", place)


class _Line(NamedTuple):
    """A row of a CSV file by its columns, without what is empty, and where it begins."""

    number: int
    cells: dict[str, str]
    wrong: str = ""


def _numbered(table: Any, columns: list[str]) -> Iterator[_Line]:
    # A cell in quotes may have line breaks, so that rows are not lines.
    before = table.line_num
    for cells in table:
        number, before = before + 1, table.line_num
        if not cells:
            continue
        wrong = ""
        if len(cells) != len(columns):
            wrong = f"the first line names {len(columns)} columns, and the row has {len(cells)}"
        named = zip(columns, cells, strict=False)
        yield _Line(number, {column: cell for column, cell in named if cell}, wrong)


def _same_datapoint(line: _Line) -> str | int:
    """Returns what rows of one datapoint share: its name; without one each stands for itself."""
    return line.cells.get("name") or line.number


def _csv_row(lines: list[_Line], file: str) -> Row:
    first = lines[0]
    own = {key: cell for key, cell in first.cells.items() if key != "item"}
    for line in lines:
        wrong = line.wrong or _difference(own, line.cells)
        if wrong:
            return Row(None, Location(file, line.number, 1), wrong)
    value: dict[str, Any] = {"items": [line.cells.get("item", "") for line in lines]}
    value |= {key: cell for key, cell in own.items() if key in ("name", "labels")}
    metadata = {key[len(METADATA) :]: own[key] for key in own if key.startswith(METADATA)}
    if metadata:
        value["metaData"] = metadata
    if "priority" in own:
        value["priority"] = _number(own["priority"])
    return Row(value, Location(file, first.number, 1))


def _difference(first: dict[str, str], later: dict[str, str]) -> str:
    for key, cell in later.items():
        if key != "item" and first.get(key) != cell:
            return f"`{key}` differs from that of the first row of `{first['name']}`"
    return ""


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


READERS = {"json": _read_json, "jsonl": _read_jsonl, "csv": _read_csv}


def guess(key: str, known: tuple[str, ...]) -> str:
    """The known key that was meant, as the end of a message."""
    near = nearest(key, known)
    return f"; did you mean `{near}`?" if near else ""
