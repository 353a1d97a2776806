"""Entries of an items list that have series, as the service's own client takes them.

Source of the form: the public SDK 2.35.4, of which the members that rbsync knows are read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from rbsync.errors import Location
from rbsync.model.datapoint import SeriesSettings, Settings
from rbsync.model.storages import is_uploaded
from rbsync.shapes.guards import METADATA_KEYS, is_metadata, is_texts, metadata_of
from rbsync.sources.documented_keys import unsent
from rbsync.sources.entry import Entry
from rbsync.sources.list_rows import guess
from rbsync.sources.study import FILES, GivenSeries, map_problems, study_entry

MAP = "segmentMap"
KEYS = ("items", FILES, MAP, "name", *METADATA_KEYS)


def study_of(
    value: dict[str, Any], settings: Settings, place: Location, below: Callable[[str], str]
) -> Entry:
    """The datapoint of an entry to which `series_objections` has none.

    ``below`` makes a path of the list one of the manifest.
    """
    series = [_given(one, place) for one in value["series"]]
    local = is_uploaded(settings.storage)
    return study_entry(
        value["name"],
        [
            one._replace(
                items=tuple(map(below, one.items)) if local else one.items,
                segmentations=tuple(map(below, one.segmentations)),
            )
            for one in series
        ],
        settings,
        place,
    )


def series_objections(value: dict[str, Any]) -> Iterator[str]:
    """Yields what is wrong with an entry's series."""
    # The first item of a study is a slice, and no name for it.
    if not value.get("name"):
        yield "an entry of series needs a `name`"
    for key in ("items", "url"):
        if value.get(key) is not None:
            yield f"an entry of series has no `{key}` of its own"
    series = value["series"]
    segmented = (
        [one for one in series if isinstance(one, dict) and one.get(FILES)]
        if isinstance(series, list)
        else []
    )
    if value.get("labels") is not None and segmented:
        yield f"an entry has its labels in `labels` or in the `{FILES}` of its series, not in both"
    if not isinstance(series, list) or not series or not all(isinstance(s, dict) for s in series):
        yield "`series` must be a list of objects with at least one member"
        return
    for number, one in enumerate(series):
        for message in _objections(one):
            yield f"series {number}: {message}"


def _objections(one: dict[str, Any]) -> Iterator[str]:
    for key in one:
        if key not in KEYS:
            yield unsent(key) or f"unknown key `{key}`{guess(key, KEYS)}"
    if not _texts(one.get("items")):
        yield "`items` must be a path or URL, or a list of them with at least one member"
    if one.get(FILES) is not None and not _texts(_files(one)):
        yield f"`{FILES}` must be a path, a list of them, or an object of categories with paths"
    if numbers := [key for key in _structures(one) if key.isdecimal()]:
        yield (
            f"`{FILES}` names the category of each file, and `{numbers[0]}` is a number: write "
            f"{{CATEGORY: FILE}}, or a list of files and a `{MAP}`"
        )
    yield from _settings_objections(one)
    if wrong := list(_map_objections(one.get(MAP))):
        yield from wrong
    else:
        given = _given(one, Location(""))
        found = map_problems(given, has_files=bool(given.segmentations), key=MAP)
        yield from (problem.message for problem in found)


def _map_objections(by_value: Any) -> Iterator[str]:
    if by_value is not None and not isinstance(by_value, dict):
        yield f"`{MAP}` must be an object with the name of a category for each value"
        return
    for value, named in (by_value or {}).items():
        if _category(named):
            continue
        if isinstance(named, dict) and (more := _said_of(named)):
            names = ", ".join(f"`{key}`" for key in more)
            yield f"`{MAP}`: rbsync does not send {names} of the value {value}: leave it out"
        else:
            shown = json.dumps(named, ensure_ascii=False)[:_LONGEST]
            yield (
                f"`{MAP}` must be an object with the name of a category for each value; the value "
                f"{value} has {shown}"
            )


_LONGEST = 60


def _said_of(named: dict[str, Any]) -> list[str]:
    """The members of a value beside its category that say something."""
    return [key for key, one in named.items() if key != "category" and one]


def _settings_objections(one: dict[str, Any]) -> Iterator[str]:
    if one.get("name") is not None and not isinstance(one["name"], str):
        yield "`name` must be a string"
    given = metadata_of(one)
    if len(given) > 1:
        yield f"`{given[0][0]}` and `{given[1][0]}` are two names of one thing; give one of them"
    for key, metadata in given:
        if not is_metadata(metadata):
            yield f"`{key}` must be an object of strings"


def _given(one: dict[str, Any], place: Location) -> GivenSeries:
    return GivenSeries(
        tuple(_texts(one.get("items"))),
        tuple(_texts(_files(one))),
        {value: _category(name) for value, name in (one.get(MAP) or {}).items()},
        lambda _: place,
        tuple(_structures(one)),
        said=_said(one),
    )


def _said(one: dict[str, Any]) -> SeriesSettings:
    given = metadata_of(one)
    return SeriesSettings(one.get("name") or "", given[0][1] if given else {})


def _structures(one: dict[str, Any]) -> list[str]:
    """The categories of files of one structure each, where a series has such."""
    return list(one[FILES]) if isinstance(one.get(FILES), dict) else []


def _files(one: dict[str, Any]) -> Any:
    given = one.get(FILES)
    return list(given.values()) if isinstance(given, dict) else given


def _texts(value: Any) -> list[str]:
    """The texts of a list or a single one; none when it is neither."""
    found = [value] if isinstance(value, str) else value
    return found if is_texts(found) else []


def _category(value: Any) -> str:
    """The name of a category, alone, in a list, or in an object that says no more; else empty."""
    name = value.get("category") if isinstance(value, dict) and not _said_of(value) else value
    if isinstance(name, list) and len(name) == 1:
        (name,) = name
    return name if isinstance(name, str) else ""
