"""Datapoints as callers give them: dicts, checked for their form."""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from rbsync.backends.base import LabelText
from rbsync.errors import Problem, UserError
from rbsync.labels.normal import normal_labels
from rbsync.model.datapoint import Labels, Settings
from rbsync.model.fingerprint import canonical_json, of_value
from rbsync.sources.documented_keys import unsent
from rbsync.sources.list_rows import guess
from rbsync.sources.row_settings import SETTING_KEYS, row_settings, setting_objections

KEYS = ("name", "items", "labels", *SETTING_KEYS)
# What failed comes back with it, and may be given again as it is.
ANSWERED = "error"


class Given(NamedTuple):
    """A datapoint of the right form; ``text`` is there when ``labels`` are."""

    name: str
    items: tuple[str, ...]
    labels: Labels | None
    text: LabelText | None
    settings: Settings


def read_given(value: object, settings: Settings) -> Given:
    """A dict as a datapoint; ``settings`` are those of the call.

    Raises UserError with all that is wrong with its form. Names are taken in normal form C, as
    in a manifest.
    """
    if not isinstance(value, Mapping):
        raise refusal(f"a datapoint is a dict with `name` and `items`, not {_what(value)}")
    problems = list(_objections(value))
    if problems:
        raise UserError([Problem("datapoint", message) for message in problems])
    labels, text = read_labels(value.get("labels"))
    return Given(
        unicodedata.normalize("NFC", value["name"]),
        tuple(os.fspath(item) for item in value["items"]),
        labels,
        text,
        row_settings(value, settings),
    )


def refusal(message: str, hint: str = "") -> UserError:
    """The error of one datapoint."""
    return UserError([Problem("datapoint", message, hint=hint)], hint=hint)


def read_labels(given: Sequence[Any] | None) -> tuple[Labels | None, LabelText | None]:
    """LabelObjects and their text. Raises UserError for what JSON cannot say."""
    if given is None:
        return None, None
    try:
        # Only to see that it can be done: the canonical text takes NaN, and half a surrogate pair.
        json.dumps(given, allow_nan=False, ensure_ascii=False).encode()
        text = canonical_json(given).decode()
        labels = Labels("objects", of_value(normal_labels(given)))
    except (TypeError, ValueError, RecursionError) as error:
        raise refusal(f"its labels cannot be written as JSON: {error}") from error
    return labels, LabelText(text, len(given))


_IN_LISTS = dict.fromkeys(
    ("series", "segmentations", "segmentMap"),
    "studies are declared in a manifest, under `series` or in an `items_list` of these dicts",
)


def _objections(value: Mapping[Any, Any]) -> Iterator[str]:
    for key in value:
        if key not in KEYS and key != ANSWERED:
            yield _IN_LISTS.get(key) or unsent(key) or f"unknown key `{key}`{guess(str(key), KEYS)}"
    yield from _text_objections(value)
    labels = value.get("labels")
    if labels is not None and not isinstance(labels, list | tuple):
        yield f"`labels` must be a list of LabelObjects, not {_what(labels)}"
    yield from setting_objections(value, called="metadata", noun="a dict")


def _text_objections(value: Mapping[Any, Any]) -> Iterator[str]:
    for key in ("name", "items"):
        if value.get(key) is None:
            yield f"it has no `{key}`"
    name, items = value.get("name"), value.get("items")
    if name is not None and not isinstance(name, str):
        yield f"`name` must be a string, not {_what(name)}"
    if items is not None and not _is_items(items):
        yield "`items` must be a list of paths or URLs with at least one member"


def _is_items(items: object) -> bool:
    return isinstance(items, list | tuple) and bool(items) and all(map(_is_item, items))


def _is_item(item: object) -> bool:
    # A path-like may give bytes, which cannot be part of a request in JSON.
    return isinstance(item, str | os.PathLike) and isinstance(os.fspath(item), str) and item != ""


def _what(value: object) -> str:
    return f"a value of type {type(value).__name__}"
