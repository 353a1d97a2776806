"""The series of a datapoint as services have them: indices of their items, and what they say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import accumulate, chain, islice, zip_longest
from typing import Any

from rbsync.backends.base import Draft
from rbsync.model.datapoint import SeriesSettings, series_settings


def series_of(draft: Draft) -> list[list[int]]:
    """The indices of the items of each series; empty where nobody needs to be told.

    Label maps belong to a series, so a datapoint that has some has at least one.
    """
    if draft.series:
        return indices_of(draft.series)
    with_maps = draft.labels is not None and draft.labels.files
    return indices_of([len(draft.items)]) if with_maps and draft.items else []


def indices_of(sizes: Sequence[int]) -> list[list[int]]:
    """The indices of series of these sizes."""
    ends = list(accumulate(sizes))
    return [list(range(end - size, end)) for end, size in zip(ends, sizes, strict=True)]


def sizes_of(series: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """The sizes of series; those that are not one after the other equal none that we make."""
    in_order = list(chain.from_iterable(series)) == list(range(sum(map(len, series))))
    # Two of a size that no series has: series in another order are found to differ, whatever they
    # are compared with.
    return tuple(map(len, series)) if in_order else (-1, -1)


def told_of_series(
    series: Sequence[SeriesSettings], count: int, present: Sequence[SeriesSettings] = ()
) -> list[dict[str, str | None]]:
    """The settings of ``count`` series as services take them.

    Nothing is told as null, which leaves what is there; what is ``present`` and shall not be is
    told as empty.
    """
    pairs = islice(zip_longest(series, present, fillvalue=SeriesSettings()), count)
    told = [_told(own, theirs) for own, theirs in pairs]
    return told + [_told(SeriesSettings(), SeriesSettings())] * (count - len(told))


def _told(own: SeriesSettings, theirs: SeriesSettings) -> dict[str, str | None]:
    has_metadata = own.metadata or theirs.metadata
    metadata = json.dumps(dict(own.metadata), ensure_ascii=False) if has_metadata else None
    # Whom nobody named has no such member, as the client of the service has it.
    name = {"name": own.name} if own.name or theirs.name else {}
    return {**name, "metaData": metadata}


def read_series(told: Iterable[Mapping[str, Any]]) -> tuple[SeriesSettings, ...]:
    """The settings of series as services show them; what nobody can read is none."""
    return series_settings(
        SeriesSettings(one.get("name") or "", _metadata(one.get("metaData"))) for one in told
    )


def _metadata(text: object) -> dict[str, str]:
    found = None
    with suppress(ValueError, RecursionError):
        found = json.loads(text) if isinstance(text, str) else text
    if not isinstance(found, dict):
        return {}
    return {key: one if isinstance(one, str) else json.dumps(one) for key, one in found.items()}
