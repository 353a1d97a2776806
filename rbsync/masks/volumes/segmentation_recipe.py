"""The way in which a datapoint's segmentation files are read, as a plan remembers it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from rbsync.model.fingerprint import Algorithm, of_value

File = TypeVar("File")


class SeriesMap(NamedTuple):
    """The ``files`` that segment a series, as many as come next, and what their values mean.

    With ``is_binary`` each file is one structure, which gets the file's number as its value.
    """

    series: int
    files: int
    segment_map: Mapping[int, str]
    is_binary: bool = False


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
        )
        for one in json.loads(text)
    ]


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
