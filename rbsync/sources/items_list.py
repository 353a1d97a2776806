"""RedBrick's items list, as JSON, JSON Lines or CSV: for very many datapoints."""

from __future__ import annotations

import csv
import difflib
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any, ClassVar, NamedTuple

from pydantic import Field

from rbsync.errors import Location, Problem
from rbsync.files.body import read_whole
from rbsync.model.datapoint import Settings
from rbsync.sources.base import Context, Entry, InlineLabels, SourceModel

LIMIT = 1 << 30
KEYS = ("name", "items", "url", "labels", "metaData", "metadata", "priority")
METADATA = "metadata."


class ItemsListSource(SourceModel):
    """The datapoints of a list: its paths are relative to the list's own folder."""

    key: ClassVar[str] = "items_list"

    items_list: str = Field(
        description="A .json, .jsonl or .csv file. JSON: objects with `name`, `items` and perhaps "
        "`labels`, `metaData`, `priority`. CSV: columns `name`, `item` and perhaps `labels`, "
        "`priority`, `metadata.KEY`; rows of one name that follow each other are one datapoint.",
        examples=["items.json"],
    )
    allow_empty: bool = Field(
        False, description="Whether it is right that the list is empty.", examples=[False]
    )

    def expand(self, context: Context) -> Iterator[Entry]:
        found = False
        for row in self._rows(context):
            found = True
            entry = _entry(row, context, self.items_list.rpartition("/")[0])
            if entry is not None:
                yield entry
        if not found:
            self._report_empty(context)

    def _report_empty(self, context: Context) -> None:
        where = context.locate(("items_list",))
        message = f"`{self.items_list}` lists nothing"
        if self.allow_empty:
            context.warn(Problem("empty-source", message, where))
        else:
            context.report(Problem("empty-list", message, where))

    def _rows(self, context: Context) -> Iterator[Row]:
        reader = READERS.get(self.items_list.lower().rpartition(".")[2])
        where = context.locate(("items_list",))
        if reader is None:
            message = f"`{self.items_list}` is no items list: it must end in .json, .jsonl or .csv"
            context.report(Problem("items-list", message, where))
            return
        try:
            roots, algorithm = context.tree.roots, context.tree.algorithm
            data, _ = read_whole(roots, self.items_list, algorithm, LIMIT)
            text = data.decode("utf-8-sig")
        except OSError as error:
            message = f"`{self.items_list}` cannot be read: {error.strerror or error}"
            context.unread(Problem("unreadable", message, where))
        except UnicodeDecodeError as error:
            message = f"the text is not UTF-8 at byte {error.start}"
            context.unread(Problem("encoding", message, Location(self.items_list)))
        else:
            yield from _reported(reader(text, self.items_list), context)


class Row(NamedTuple):
    """One entry of a list, not checked yet, and its place."""

    value: Any
    place: Location


class ListError(ValueError):
    """The list itself cannot be read on."""

    def __init__(self, message: str, place: Location) -> None:
        super().__init__(message)
        self.place = place


def _reported(rows: Iterator[Row], context: Context) -> Iterator[Row]:
    """The rows up to the place from which on the list cannot be read."""
    try:
        yield from rows
    except ListError as error:
        context.unread(Problem("items-list", str(error), error.place))


def _read_json(text: str, file: str) -> Iterator[Row]:
    """The members of a JSON array one by one, so that each has its place."""
    decode, places = json.JSONDecoder().raw_decode, _Places(text, file)
    at = _skip(text, 0)
    if text[at : at + 1] != "[":
        raise ListError("an items list is a JSON array of objects", places.at(at))
    at = _skip(text, at + 1)
    while text[at : at + 1] != "]":
        try:
            value, end = decode(text, at)
        except json.JSONDecodeError as error:
            message = f"the JSON cannot be read: {error.msg.lower()}"
            raise ListError(message, places.at(error.pos)) from error
        yield Row(value, places.at(at))
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        elif text[at : at + 1] != "]":
            raise ListError("the JSON cannot be read: expected `,` or `]`", places.at(at))


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] in (" ", "\t", "\n", "\r"):
        at += 1
    return at


class _Places:
    """Lines and columns of growing offsets in a text, each line break counted once."""

    def __init__(self, text: str, file: str) -> None:
        self._text, self._file = text, file
        self._line, self._seen = 1, 0

    def at(self, offset: int) -> Location:
        self._line += self._text.count("\n", self._seen, offset)
        self._seen = offset
        return Location(self._file, self._line, offset - self._text.rfind("\n", 0, offset))


def _read_jsonl(text: str, file: str) -> Iterator[Row]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield Row(json.loads(line), Location(file, number, 1))
        except json.JSONDecodeError as error:
            message = f"the JSON cannot be read: {error.msg.lower()}"
            raise ListError(message, Location(file, number, error.colno)) from error


def _read_csv(text: str, file: str) -> Iterator[Row]:
    table = csv.DictReader(text.splitlines(keepends=True), strict=True)
    columns = table.fieldnames or []
    for needed in ("name", "item"):
        if needed not in columns:
            raise ListError(f"the first line must name a column `{needed}`", Location(file, 1, 1))
    for column in columns:
        if column not in ("name", "item", "labels", "priority") and not column.startswith(METADATA):
            message = f"unknown column `{column}`{_guess(column, ('item', 'labels', 'priority'))}"
            raise ListError(message, Location(file, 1, 1))
    try:
        numbered = ((row, table.line_num) for row in table)
        for _, rows in groupby(numbered, key=lambda one: one[0]["name"]):
            yield _csv_row(list(rows), file)
    except csv.Error as error:
        raise ListError(
            f"the CSV cannot be read: {error}", Location(file, table.line_num)
        ) from error


def _csv_row(rows: list[tuple[dict[str, str], int]], file: str) -> Row:
    first, line = rows[0]
    metadata = {key[len(METADATA) :]: first[key] for key in first if key.startswith(METADATA)}
    value: dict[str, Any] = {"name": first["name"], "items": [row["item"] for row, _ in rows]}
    optional = {
        "labels": first.get("labels"),
        "metaData": metadata,
        "priority": first.get("priority"),
    }
    return Row(
        {**value, **{key: one for key, one in optional.items() if one}}, Location(file, line, 1)
    )


READERS = {"json": _read_json, "jsonl": _read_jsonl, "csv": _read_csv}


def _entry(row: Row, context: Context, folder: str) -> Entry | None:
    """A row as an entry; None after reporting all that is wrong with it."""
    problems = list(_objections(row.value))
    for message in problems:
        context.report(Problem("items-list", message, row.place))
    if problems:
        return None
    value = row.value
    items = value.get("items") or [value["url"]]
    if context.settings.storage == "redbrick" and folder:
        items = [f"{folder}/{item}" for item in items]
    labels: str | InlineLabels | None = value.get("labels")
    if isinstance(labels, list):
        labels = InlineLabels(labels, lambda _: row.place)
    elif labels and folder:
        labels = f"{folder}/{labels}"
    return Entry(
        value.get("name") or items[0], tuple(items), labels, _settings(value, context), row.place
    )


def _settings(value: dict[str, Any], context: Context) -> Settings:
    metadata = value.get("metaData") or value.get("metadata")
    priority = value.get("priority")
    if not metadata and priority is None:
        return context.settings
    own = context.settings
    return replace(
        own,
        metadata={**own.metadata, **(metadata or {})},
        priority=own.priority if priority is None else float(priority),
    )


def _objections(value: Any) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"an entry is an object with `name` and `items`, not {_what(value)}"
        return
    for key in value:
        if key not in KEYS:
            yield f"unknown key `{key}`{_guess(key, KEYS)}"
    name = value.get("name")
    if name is not None and not isinstance(name, str):
        yield f"`name` must be a string, not {_what(name)}"
    yield from _item_objections(value)
    yield from _settings_objections(value)


def _item_objections(value: dict[str, Any]) -> Iterator[str]:
    items = value.get("items", [value["url"]] if "url" in value else None)
    if not isinstance(items, list) or not items or not all(isinstance(i, str) and i for i in items):
        yield "`items` must be a list of paths or URLs with at least one member"
    elif len(items) > 1 and not value.get("name"):
        yield "an entry of several items needs a `name`"
    labels = value.get("labels")
    if labels is not None and not isinstance(labels, str | list):
        yield f"`labels` must be a list of LabelObjects or the path of a file, not {_what(labels)}"


def _settings_objections(value: dict[str, Any]) -> Iterator[str]:
    for key in ("metaData", "metadata"):
        metadata = value.get(key) or {}
        if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
            yield f"`{key}` must be an object of strings"
    priority = value.get("priority")
    if priority is not None and not _is_fraction(priority):
        yield "`priority` must be a number from 0 to 1"


def _is_fraction(value: Any) -> bool:
    try:
        return not isinstance(value, bool) and 0 <= float(value) <= 1
    except (TypeError, ValueError):
        return False


def _what(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", type(None): "null"}
    return names.get(type(value), f"`{json.dumps(value)}`")


def _guess(key: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    return f"; did you mean `{near[0]}`?" if near else ""
