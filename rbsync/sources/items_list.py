"""RedBrick's items list, as JSON, JSON Lines or CSV: for very many datapoints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from rbsync.errors import Location, Problem
from rbsync.files.roots import outside_hint
from rbsync.files.written_text import encoding_fault, text_of
from rbsync.labels.amounts import Limits, labels_for, marks_of, more_labels, too_many_marks
from rbsync.model.bucket_paths import is_bucket
from rbsync.model.storages import is_uploaded
from rbsync.reasons import EMPTY_SOURCE
from rbsync.shapes.guards import is_texts
from rbsync.shapes.setting import setting
from rbsync.sources.base import SourceModel
from rbsync.sources.context import Context
from rbsync.sources.documented_keys import misplaced, unsent
from rbsync.sources.entry import Entry, InlineLabels
from rbsync.sources.list_formats import READERS
from rbsync.sources.list_rows import ListError, Row, guess
from rbsync.sources.listed_series import series_objections, study_of
from rbsync.sources.row_places import RowPlaces
from rbsync.sources.row_settings import SETTING_KEYS, row_settings, setting_objections

LIMIT = 1 << 30
_SAVED = "save the sheet as CSV (UTF-8), and name that file"
_NEAR = {
    "tsv": "rename it to .csv: columns that tabs separate are read too",
    "ndjson": "rename it to .jsonl, which is the same",
    **dict.fromkeys(("xlsx", "xls", "ods", "numbers"), _SAVED),
}
KEYS = ("name", "items", "url", "series", "labels", *SETTING_KEYS)


class ItemsListSource(SourceModel):
    """The datapoints of a list: its paths are relative to the list's own folder."""

    key: ClassVar[str] = "items_list"

    items_list: str = setting(
        description="A .json, .jsonl or .csv file. JSON: objects with `name`, `items` and perhaps "
        "`labels`, `metaData`, `priority`; in place of `items` perhaps `series`, each with `items` "
        "and perhaps `name`, `metaData`, `segmentations` and `segmentMap`. CSV: columns `name`, "
        "`item` and perhaps `labels`, `priority`, `metadata.KEY`; rows of one name that follow "
        "each other are one datapoint.",
        examples=["items.json"],
    )
    allow_empty: bool = setting(
        default=False, description="Whether it is right that the list is empty.", examples=[False]
    )

    def expand(self, context: Context) -> Iterator[Entry]:
        found, folder = False, self.items_list.rpartition("/")[0]
        places = RowPlaces(
            self.items_list, lambda: self._text(context), lambda path: _below(folder, path)
        )
        is_json = not self.items_list.lower().endswith(".csv")
        try:
            for row in self._rows(context):
                found = True
                entry = _entry(row, context, folder)
                if entry is not None:
                    yield entry._replace(rows=places) if is_json else entry
        except ListError as error:
            # What stands behind the place cannot be read, so that nobody may take it for gone and
            # prune it.
            context.unread(Problem(error.code, str(error), error.place, error.hint))
        else:
            if not found:
                self._report_empty(context)

    def _report_empty(self, context: Context) -> None:
        where = context.locate(("items_list",))
        message = f"`{self.items_list}` lists nothing"
        if self.allow_empty:
            context.warn(Problem(EMPTY_SOURCE, message, where))
        else:
            context.report(Problem("empty-list", message, where))

    def _rows(self, context: Context) -> Iterator[Row]:
        """The rows up to the place from which on the list cannot be read. Raises ListError."""
        reader = READERS.get(self.items_list.lower().rpartition(".")[2])
        where = context.locate(("items_list",))
        if reader is None:
            message = f"`{self.items_list}` is no items list: it must end in .json, .jsonl or .csv"
            suffix = self.items_list.lower().rpartition(".")[2]
            raise ListError(message, where, hint=_NEAR.get(suffix, ""))
        try:
            text = self._text(context)
        except OSError as error:
            message = f"`{self.items_list}` cannot be read: {error.strerror or error}"
            raise ListError(message, where, "unreadable", hint=outside_hint(error)) from error
        except UnicodeDecodeError as error:
            message = encoding_fault(error)
            raise ListError(message, Location(self.items_list), "encoding") from error
        if context.limits.of_all:
            _refuse_much(text, self.items_list, context.limits)
        for number, row in enumerate(reader(text, self.items_list)):
            if context.limits.of_all and number >= context.limits.labels:
                message = f"the list has more than {number:,} entries; so many are allowed"
                raise ListError(message, row.place, "too-many", more_labels(2 * number))
            yield row

    def _text(self, context: Context) -> str:
        return text_of(context.tree.read(self.items_list, LIMIT))


def _refuse_much(text: str, file: str, limits: Limits) -> None:
    """Raises ListError for a stranger's list that has more than the labels of one file may have."""
    if (found := marks_of(text)) > limits.marks:
        hint = more_labels(labels_for(found))
        raise ListError(too_many_marks(limits), Location(file, 1, 1), "too-many", hint)


def _entry(row: Row, context: Context, folder: str) -> Entry | None:
    """A row as an entry, after reporting all that is wrong with it; None for nothing at all."""
    problems = [row.wrong] if row.wrong else list(_objections(row.value))
    for message in problems:
        context.report(Problem("items-list", message, row.place))
    value = row.value
    if problems:
        return _doubtful(row, context, folder) if isinstance(value, dict) else None
    if value.get("series") is not None:
        settings, labels = row_settings(value, context.settings), _labels(row, folder)
        study = study_of(value, settings, row.place, lambda path: _below(folder, path))
        return study if labels is None else study._replace(labels=labels)
    items = value.get("items") or [value["url"]]
    # Only files are relative to the list; URLs and keys mean the same everywhere.
    if is_uploaded(context.settings.storage):
        items = [_below(folder, item) for item in items]
    return Entry(
        value.get("name") or items[0],
        tuple(items),
        _labels(row, folder),
        row_settings(value, context.settings),
        row.place,
    )


def _doubtful(row: Row, context: Context, folder: str) -> Entry | None:
    """The rest of a row that is wrong: its files are looked for all the same."""
    items, labels, name = (row.value.get(key) for key in ("items", "labels", "name"))
    if not is_texts(items) or row.value.get("series") is not None:
        return None
    found = (
        [_below(folder, one) for one in items] if is_uploaded(context.settings.storage) else items
    )
    return Entry(
        name if isinstance(name, str) and name else found[0],
        tuple(found),
        _labels(row, folder) if labels and isinstance(labels, str | list) else None,
        context.settings,
        row.place,
        barred=Problem("items-list", "see what is wrong with its row", row.place),
    )


def _labels(row: Row, folder: str) -> str | InlineLabels | None:
    match row.value.get("labels"):
        case None:
            return None
        case str(path):
            return _below(folder, path)
        case labels:
            return InlineLabels(labels, lambda _: row.place)


def _below(folder: str, path: str) -> str:
    is_whole = path.startswith("/") or is_bucket(path)
    return f"{folder}/{path}" if folder and not is_whole else path


def _objections(value: Any) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"an entry is an object with `name` and `items`, not {_what(value)}"
        return
    for key in value:
        if key not in KEYS:
            yield unsent(key) or misplaced(key) or f"unknown key `{key}`{guess(key, KEYS)}"
    name = value.get("name")
    if name is not None and not isinstance(name, str):
        yield f"`name` must be a string, not {_what(name)}"
    yield from _item_objections(value) if value.get("series") is None else series_objections(value)
    labels = value.get("labels")
    if labels is not None and (labels == "" or not isinstance(labels, str | list)):
        yield f"`labels` must be a list of LabelObjects or the path of a file, not {_what(labels)}"
    yield from setting_objections(value)


def _item_objections(value: dict[str, Any]) -> Iterator[str]:
    items = value.get("items", [value["url"]] if "url" in value else None)
    if not is_texts(items):
        yield "`items` must be a list of paths or URLs with at least one member"
    elif len(items) > 1 and not value.get("name"):
        yield "an entry of several items needs a `name`"


def _what(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", type(None): "null"}
    return names.get(type(value), f"`{json.dumps(value)}`")
