"""The formats of an items list: JSON, JSON Lines and CSV, each read to rows with their places."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rbsync.errors import Location
from rbsync.repeated_keys import keep_repeated
from rbsync.sources.csv_list import read_csv
from rbsync.sources.list_rows import ListError, Row


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


READERS = {"json": _read_json, "jsonl": _read_jsonl, "csv": read_csv}
