"""A datapoint of several series: its items one series after the other, and its segmentations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from rbsync.errors import Location, Problem
from rbsync.labels.background import is_background
from rbsync.model.datapoint import SeriesSettings, Settings, series_settings
from rbsync.sources.entry import Entry, Members, SegmentationLabels, SeriesLabels

LARGEST_VALUE = 65535
_MOST_DIGITS = 20
_HINT = f"values are whole numbers from 1 to {LARGEST_VALUE:,}; 0 is background"
MAP = "segment_map"
FILES = "segmentations"


class GivenSeries(NamedTuple):
    """A series as a source has it; ``locate`` finds a member of it.

    ``structures`` are the categories of the segmentations where each file is of one structure.
    ``said`` are its settings. ``is_listed`` says that each item is written down.
    """

    items: tuple[str, ...]
    segmentations: tuple[str, ...]
    segment_map: Mapping[str, str]
    locate: Callable[[tuple[str | int, ...]], Location]
    structures: tuple[str, ...] = ()
    trusts_grid: bool = False
    said: SeriesSettings = SeriesSettings()
    is_listed: bool = False


def study_entry(
    name: str, series: Sequence[GivenSeries], settings: Settings, origin: Location
) -> Entry:
    """The datapoint of a study whose series were found to be right."""
    parts = tuple(
        SeriesLabels(
            number,
            one.segmentations,
            _by_value(one),
            one.locate,
            bool(one.structures),
            one.trusts_grid,
        )
        for number, one in enumerate(series)
        if one.segmentations
    )
    said = series_settings(one.said for one in series)
    return Entry(
        name,
        tuple(item for one in series for item in one.items),
        SegmentationLabels(parts) if parts else None,
        settings._replace(series=said) if said else settings,
        origin,
        series=tuple(len(one.items) for one in series),
        members=Members(_places(series, origin), "items"),
    )


def _places(
    series: Sequence[GivenSeries], origin: Location
) -> Callable[[tuple[str | int, ...]], Location]:
    """The places of a study's items, which its series name."""

    def locate(path: tuple[str | int, ...]) -> Location:
        match path:
            case ("items", int(number)):
                left = number
            case _:
                return origin
        for one in series:
            if left < len(one.items):
                # Of a pattern's files there is one place, which is the nearest.
                return one.locate(("items", left) if one.is_listed else ("items",))
            left -= len(one.items)
        return origin

    return locate


def _by_value(one: GivenSeries) -> dict[int, str]:
    if one.structures:
        return dict(enumerate(one.structures, 1))
    return {
        int(value): category
        for value, category in one.segment_map.items()
        if is_value(value) and not _is_nothing(value, category)
    }


def map_problems(one: GivenSeries, *, has_files: bool, key: str = MAP) -> Iterator[Problem]:
    """Yields what is wrong with the segment map of a series, which stands under ``key``."""
    if one.structures and one.segment_map:
        message = f"each file is one structure, and there is a `{key}` too"
        hint = f"leave `{key}` out, or write the files as a list without names"
        yield Problem("segment-map", message, one.locate((MAP,)), hint)
    if has_files and not one.segment_map and not one.structures:
        message = f"the segmentations have no `{key}`"
        hint = f"say what the values stand for: {key}: {{1: liver, 2: tumour}}"
        yield Problem("segment-map", message, one.locate((FILES,)), hint)
    if one.segment_map and not has_files:
        message = f"there is a `{key}` and no `segmentations`"
        hint = "name the files under `segmentations`"
        yield Problem("segment-map", message, one.locate((MAP,)), hint)
    taken: dict[int, str] = {}
    for value, category in one.segment_map.items():
        if _is_nothing(value, category):
            continue
        where = one.locate((MAP, value))
        if not is_value(value):
            yield Problem("segment-map", f"`{value}` is no value of a voxel", where, _HINT)
        # "1" and "01" are two keys of a map and one value of a voxel.
        elif taken.setdefault(int(value), value) != value:
            message = f"`{taken[int(value)]}` and `{value}` are one value"
            yield Problem("segment-map", message, where, "leave one of them out")


def _is_nothing(value: str, category: str) -> bool:
    """Tells whether an entry says that 0 is background, as the maps of nnU-Net do."""
    return value.isdecimal() and int(value) == 0 and is_background(category)


def is_value(key: str) -> bool:
    """Tells whether a key of a segment map is the value of a voxel that can have a label."""
    # Python makes no number of thousands of digits.
    is_number = key.isascii() and key.isdecimal() and len(key) <= _MOST_DIGITS
    return is_number and 1 <= int(key) <= LARGEST_VALUE
