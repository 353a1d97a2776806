"""The accompaniments of a task's facets: kept as they came, given back, gone with their facet.

Series and label maps are kept in the form in which the service's clients send them, so that it is
one whether they came from rbsync or from such a client.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from rbsync.backends.base import Draft, Progress, StoredMap
from rbsync.backends.local.disk_failures import parsed
from rbsync.backends.local.queries import rows_of_any
from rbsync.backends.series_items import read_series, series_of, sizes_of, told_of_series
from rbsync.model.datapoint import SeriesSettings
from rbsync.model.fingerprint import FACETS, Facet


class Extra(NamedTuple):
    """JSON text that the project does not interpret, and the refs of the files that it names.

    These files are the task's as its items are: they stay as long as it does.
    """

    json: str
    refs: tuple[str, ...] = ()


Note = Literal["work"]
"""What accompanies the whole task: what somebody is doing with it."""

Extras = Mapping[Facet | Note, Extra]
NO_EXTRAS: Extras = {}


def put_extras(connection: sqlite3.Connection, task_id: str, extras: Extras) -> None:
    """Keeps what accompanies the facets of a task, in place of what did."""
    if not extras:
        return
    connection.executemany(
        "INSERT OR REPLACE INTO extras VALUES (?, ?, ?, ?)",
        ((task_id, facet, one.json, json.dumps(one.refs)) for facet, one in extras.items()),
    )


def clear_extra(connection: sqlite3.Connection, task_id: str, facet: Facet | Note) -> None:
    """Forgets what accompanied a facet that has changed."""
    connection.execute("DELETE FROM extras WHERE task_id = ? AND facet = ?", (task_id, facet))


def extras_of(connection: sqlite3.Connection, task_id: str) -> Extras:
    """Returns what accompanies the facets of a task."""
    rows = connection.execute(
        "SELECT facet, json, refs FROM extras WHERE task_id = ?", (task_id,)
    ).fetchall()
    return {facet: Extra(text, tuple(parsed(refs))) for facet, text, refs in rows}


def extras_by_id(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, Extras]:
    """Returns what accompanies the facets of tasks, by the ids of those that have any."""
    found: dict[str, dict[Facet | Note, Extra]] = {}
    query = "SELECT task_id, facet, json, refs FROM extras WHERE task_id IN ({})"
    for task_id, facet, text, refs in rows_of_any(connection, query, ids):
        found.setdefault(task_id, {})[facet] = Extra(text, tuple(parsed(refs)))
    return {**found}


def extras_of_draft(
    draft: Draft, store: Callable[[bytes], str], facets: Sequence[Facet] = FACETS
) -> Extras:
    """Returns what accompanies the facets of a draft.

    ``store`` keeps a file and answers its ref.
    """
    made: dict[Facet | Note, Extra] = {}
    series = series_of(draft) if "items" in facets else []
    if series:
        info = [{"itemsIndices": one} for one in series]
        made["items"] = Extra(json.dumps({"seriesInfo": info}))
        if draft.settings.series:
            made["items"] = with_series(made["items"], draft.settings.series)
    if "labels" in facets and draft.labels and draft.labels.files:
        refs = tuple(store(one.data) for one in draft.labels.files)
        maps = [
            {"labelName": ref, "seriesIndex": one.series}
            for ref, one in zip(refs, draft.labels.files, strict=True)
        ]
        made["labels"] = Extra(json.dumps({"labelsMap": maps, "labelsDataPath": None}), refs)
    return made


def series_in(extras: Extras) -> tuple[int, ...]:
    """Returns how many items are of each series; empty where that is not known."""
    info = _read(extras.get("items")).get("seriesInfo") or ()
    indices = [one.get("itemsIndices") for one in info]
    # Half a description of series is none.
    return sizes_of(indices) if indices and None not in indices else ()


def with_series(extra: Extra, settings: Sequence[SeriesSettings]) -> Extra:
    """The accompaniment of the items, with other settings of its series."""
    kept = _read(extra)
    info = kept.get("seriesInfo") or []
    told = told_of_series(settings, len(info))
    others = [{key: one[key] for key in one if key != "name"} for one in info]
    said = [{**one, **new} for one, new in zip(others, told, strict=True)]
    return Extra(json.dumps({**kept, "seriesInfo": said}), extra.refs)


def series_settings_in(extras: Extras) -> tuple[SeriesSettings, ...]:
    """Returns the settings of the series."""
    return read_series(_read(extras.get("items")).get("seriesInfo") or ())


def maps_in(extras: Extras, read: Callable[[str], bytes]) -> Iterator[StoredMap]:
    """The label maps; ``read`` answers the bytes behind a ref."""
    extra = extras.get("labels")
    every = _read(extra).get("labelsMap") or ()
    named = [one for one in every if one and one.get("labelName")]
    # A client may name a map that it never uploaded.
    for one, ref in zip(named, extra.refs if extra else (), strict=False):
        yield StoredMap(one.get("seriesIndex") or 0, lambda ref=ref: read(ref))  # type: ignore[misc]


def progress_in(extras: Extras, *, is_moved_on: bool) -> Progress:
    """The point that people have reached with a task."""
    work = _read(extras.get("work"))
    state = work.get("state")
    return Progress(
        is_begun=state in ("IN_PROGRESS", "STAGED"),
        has_draft=state == "STAGED",
        is_moved_on=is_moved_on,
        who=work.get("who") or "",
    )


def _read(extra: Extra | None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(extra.json) if extra else {}
    return found
