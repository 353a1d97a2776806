"""The formats of an items list: JSON, JSON Lines and CSV, each read to rows with their places."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rbsync.errors import Location
from rbsync.repeated_keys import Repeats, first_repeat
from rbsync.shapes.json_members import (
    LineCounter,
    MembersError,
    is_list,
    members,
    refuse_large,
    skip,
)
from rbsync.sources.csv_list import read_csv
from rbsync.sources.list_rows import ListError, Row

_MOST_BROKEN = 50
MOST_LETTERS = 1 << 20
"""Of one text: a name, a path, a key or a value of metadata."""


def _read_json(text: str, file: str) -> Iterator[Row]:
    """The members of a JSON array one by one, so that each has its place."""
    # One entry at a time: `json.load` has no places, and an error in a list of a million needs one.
    places = LineCounter(text)
    if not is_list(text):
        place = Location(file, *places.at(skip(text, 0)))
        message = "an items list is a JSON array of objects"
        raise ListError(message, place, hint=_OF_LINES if _is_jsonl(text) else "")
    odd, repeats = _may_be_odd(text), Repeats()
    try:
        for value, begin, end in members(text, object_pairs_hook=repeats):
            place = Location(file, *places.at(begin))
            if repeats.seen:
                repeats.seen = False
                yield _repeated(text, begin, file)
            else:
                yield Row(value, place, _oddity(value, end - begin, odd=odd))
    except MembersError as error:
        place = Location(file, *places.at(error.offset))
        raise ListError(f"the JSON cannot be read: {error}", place) from error


_OF_LINES = "a file of an object a line is JSON Lines: give it the suffix `.jsonl`"


def _is_jsonl(text: str) -> bool:
    """Tells whether the first line is an object by itself, and others follow."""
    first, _, rest = text.strip().partition("\n")
    try:
        return isinstance(json.loads(first), dict) and rest.lstrip()[:1] == "{"
    except (ValueError, RecursionError):
        return False


def _repeated(text: str, begin: int, file: str) -> Row:
    """The row of an entry in which a key is given twice, as it is told."""
    message, line, column = first_repeat(text, begin)
    return Row(None, Location(file, line, column), message)


def _may_be_odd(text: str) -> bool:
    """Tells whether JSON's escapes may spell half of a character, which a text cannot have."""
    # Nearly no list has one: each entry of a million need not be encoded to find out.
    return "\\ud" in text or "\\uD" in text


def _oddity(value: Any, length: int, *, odd: bool) -> str:
    """Says what is wrong with the texts of an entry of so many letters."""
    if odd:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return "half of a character (a lone surrogate such as \\ud800) is no text"
    # Nearly no entry is that long, and only those are looked through.
    if length > MOST_LETTERS and _longest(value) > MOST_LETTERS:
        return f"a text has more than {MOST_LETTERS:,} letters; so many are allowed"
    return ""


def _longest(value: Any) -> int:
    """The letters of the longest text in a value."""
    match value:
        case str():
            return len(value)
        case dict():
            return max((max(len(key), _longest(one)) for key, one in value.items()), default=0)
        case list():
            return max(map(_longest, value), default=0)
        case _:
            return 0


def _read_jsonl(text: str, file: str) -> Iterator[Row]:
    odd, repeats, begin, broken = _may_be_odd(text), Repeats(), 0, 0
    # Not `splitlines`, which also splits at characters that may stand in a JSON text.
    for number, line in enumerate(text.split("\n"), 1):
        # Programs end the file with a line break, and some leave empty lines between entries.
        begin, own = begin + len(line) + 1, begin
        if not line.strip():
            continue
        try:
            refuse_large(line)
            value = json.loads(line, object_pairs_hook=repeats)
        except (ValueError, RecursionError) as error:
            column = error.colno if isinstance(error, json.JSONDecodeError) else 1
            place, broken = Location(file, number, column), broken + 1
            # A file of something else has a mistake in each of its lines.
            if broken > _MOST_BROKEN:
                raise ListError(f"{_broken(error)}; so it is with many lines", place) from error
            # What the lines behind it say is not hidden by it.
            yield Row(None, place, _broken(error))
            continue
        if repeats.seen:
            repeats.seen = False
            yield _repeated(text, own, file)
            continue
        yield Row(value, Location(file, number, 1), _oddity(value, len(line), odd=odd))


def _broken(error: ValueError | RecursionError) -> str:
    match error:
        case json.JSONDecodeError():
            what = error.msg.lower()
        case MembersError():
            what = str(error)
        case RecursionError():
            what = "it is nested too deeply"
        case _:
            what = "a number is too long"
    return f"the JSON cannot be read: {what}"


READERS = {"json": _read_json, "jsonl": _read_jsonl, "csv": read_csv}
