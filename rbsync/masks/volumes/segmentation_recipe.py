"""The way in which a datapoint's segmentation files are read, as a plan remembers it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from rbsync.masks.png.decoding import Named
from rbsync.masks.volumes.label_volume import Checked, check_series
from rbsync.masks.volumes.turning import turned
from rbsync.model.fingerprint import Algorithm, of_value

File = TypeVar("File")


class SeriesMap(NamedTuple):
    """The ``files`` that segment a series, as many as come next, and what their values mean.

    With ``is_binary`` each file is one structure, which gets the file's number as its value.
    ``turn`` leads onto the grid of the scan (`turning`), empty where the files lie on it.
    """

    series: int
    files: int
    segment_map: Mapping[int, str]
    is_binary: bool = False
    turn: tuple[int, ...] = ()


def study_text(maps: Sequence[SeriesMap]) -> str:
    """JSON text from which `read_study` makes the same again."""
    entries = [
        {
            "series": one.series,
            "files": one.files,
            "segment_map": {
                str(value): one.segment_map[value] for value in sorted(one.segment_map)
            },
            # Left out where it is not so, and the text is that of earlier versions.
            **({"binary": True} if one.is_binary else {}),
            **({"turn": one.turn} if one.turn else {}),
        }
        for one in maps
    ]
    return json.dumps(entries, separators=(",", ":"), ensure_ascii=False)


def read_study(text: str) -> list[SeriesMap]:
    """The series of a text that `study_text` made."""
    return [
        SeriesMap(
            one["series"],
            one["files"],
            {int(value): name for value, name in one["segment_map"].items()},
            one.get("binary", False),
            tuple(one.get("turn", ())),
        )
        for one in json.loads(text)
    ]


def check_turned(files: Sequence[Named], one: SeriesMap, most_bytes: int | None = None) -> Checked:
    """The segmentations of a series as `check_series`, on the grid of the scan.

    Raises MaskError.
    """
    checked = check_series(files, one.segment_map, is_binary=one.is_binary, most_bytes=most_bytes)
    if checked.volume is None or not one.turn:
        return checked
    return checked._replace(volume=turned(checked.volume, one.turn), plain=None)


def by_series(
    maps: Sequence[SeriesMap], files: Sequence[File]
) -> Iterator[tuple[SeriesMap, Sequence[File]]]:
    """Each series with its own of the files, which come one series after the other."""
    start = 0
    for one in maps:
        yield one, files[start : start + one.files]
        start += one.files


def identity_of_series(volumes: Mapping[int, str], algorithm: Algorithm = "xxh3") -> str:
    """The fingerprint of the label maps of a study, from their identities by series.

    Empty when no voxel of any has a label.
    """
    # A series in which nothing is labelled sends nothing, so that adding one is no change.
    labelled = sorted([series, one] for series, one in volumes.items() if one)
    return of_value(["series", 1, labelled], algorithm) if labelled else ""
