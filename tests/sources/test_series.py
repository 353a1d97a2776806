"""Studies: series written out in a manifest, and entries of an items list that have series."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rbsync.errors import Location
from rbsync.sources.entry import Entry, SegmentationLabels

MAP = {"1": "liver", "300": "tumour"}


def study(declared, *series: dict[str, Any]) -> Entry:
    (entry,) = declared.expand(name="study", series=list(series))
    assert declared.problems + declared.unread == []
    return entry


def parts(entry: Entry) -> list[tuple[int, tuple[str, ...], dict[int, str]]]:
    assert isinstance(entry.labels, SegmentationLabels)
    return [(one.series, one.files, dict(one.segment_map)) for one in entry.labels.parts]


def test_a_study_has_its_items_series_by_series(declared) -> None:
    declared.write(*(f"ct/{number}.dcm" for number in (10, 2, 1)), "mr.nii.gz")
    entry = study(declared, {"items": "ct/*.dcm"}, {"items": ["mr.nii.gz"]})
    assert entry.items == ("ct/1.dcm", "ct/2.dcm", "ct/10.dcm", "mr.nii.gz")
    assert entry.series == (3, 1)
    assert entry.labels is None


def test_segmentations_know_their_series_and_their_place(declared) -> None:
    declared.write("ct.nii.gz", "mr.nii.gz", "seg/b.nii.gz", "seg/a.nii")
    segmented = {"items": "mr.nii.gz", "segmentations": "seg/*", "segment_map": MAP}
    entry = study(declared, {"items": "ct.nii.gz"}, segmented)
    assert parts(entry) == [(1, ("seg/a.nii", "seg/b.nii.gz"), {1: "liver", 300: "tumour"})]
    assert isinstance(entry.labels, SegmentationLabels)
    assert entry.labels.files == ("seg/a.nii", "seg/b.nii.gz")


def test_what_is_not_here_is_no_pattern(declared) -> None:
    declared.settings = declared.settings._replace(storage="public")
    url = "https://example.org/a[1].nii.gz?x=*"
    entry = study(declared, {"items": url})
    assert entry.items == (url,)


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ({"items": []}, "no-items"),
        ({"items": "mr/*.dcm"}, "unreadable"),
        ({"items": "*.dcm"}, "empty-glob"),
        ({"items": "{case}/*.nii.gz"}, "pattern"),
        ({"items": "[.nii.gz"}, "pattern"),
        ({"items": "a.nii.gz", "segmentations": "s.nii.gz"}, "segment-map"),
        ({"items": "a.nii.gz", "segment_map": MAP}, "segment-map"),
        (
            {"items": "a.nii.gz", "segmentations": "s.nii.gz", "segment_map": {"-1": "liver"}},
            "segment-map",
        ),
        (
            {
                "items": "a.nii.gz",
                "segmentations": "s.nii.gz",
                "segment_map": {"1": "liver", "01": "liver"},
            },
            "segment-map",
        ),
    ],
)
def test_a_mistake_leaves_the_study_out(declared, series: dict[str, Any], expected: str) -> None:
    declared.write("a.nii.gz", "s.nii.gz")
    assert declared.expand(name="study", series=[series]) == []
    (problem,) = declared.problems + declared.unread
    assert problem.startswith(f"{expected}: rbsync.yaml:")


def listed(declared, *entries: Any) -> list[Entry]:
    declared.write("lists/items.json", data=json.dumps(list(entries)))
    return declared.expand(items_list="lists/items.json")


def test_entries_of_a_list_may_have_series(declared) -> None:
    series = [
        {"items": "ct.nii.gz", "segmentations": "seg.nii.gz", "segmentMap": {"1": "liver"}},
        {
            "items": ["mr/1.dcm", "mr/2.dcm"],
            "segmentations": ["a.nii.gz", "b.nii.gz"],
            "segmentMap": {"7": {"category": "tumour"}},
        },
    ]
    (entry,) = listed(declared, {"name": "s", "series": series, "metaData": {"k": "v"}})
    assert declared.problems == []
    assert entry.items == ("lists/ct.nii.gz", "lists/mr/1.dcm", "lists/mr/2.dcm")
    assert entry.series == (1, 2)
    assert parts(entry) == [
        (0, ("lists/seg.nii.gz",), {1: "liver"}),
        (1, ("lists/a.nii.gz", "lists/b.nii.gz"), {7: "tumour"}),
    ]
    assert entry.settings.metadata == {"site": "A", "k": "v"}
    assert isinstance(entry.labels, SegmentationLabels)
    assert entry.labels.parts[0].locate(("segment_map",)) == Location("lists/items.json", 1, 2)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"series": [{"items": "a"}]}, "an entry of series needs a `name`"),
        ({"items": ["a"], "series": [{"items": "a"}]}, "no `items` of its own"),
        (
            {
                "labels": [],
                "series": [{"items": "a", "segmentations": "b", "segmentMap": {"1": "c"}}],
            },
            "in `labels` or in the `segmentations` of its series, not in both",
        ),
        ({"labels": 5, "series": [{"items": "a"}]}, "`labels` must be a list of LabelObjects"),
        ({"series": []}, "`series` must be a list of objects with at least one member"),
        ({"series": [{}]}, "series 0: `items` must be a path or URL, or a list of them"),
        ({"series": [{"items": "a", "heatMaps": []}]}, "series 0: rbsync does not send `heatMaps`"),
        (
            {"series": [{"items": "a", "segmentMaps": {}}]},
            "series 0: unknown key `segmentMaps`; did you mean `segmentMap`?",
        ),
        ({"series": [{"items": "a", "segmentations": []}]}, "series 0: `segmentations` must be"),
        (
            {"series": [{"items": "a", "segmentations": "s"}]},
            "series 0: the segmentations have no `segmentMap`",
        ),
        (
            {"series": [{"items": "a", "segmentations": "s", "segmentMap": {"1": 3}}]},
            "series 0: `segmentMap` must be an object with the name of a category for each value",
        ),
        (
            {"series": [{"items": "a", "segmentations": "s", "segmentMap": {"0": "liver"}}]},
            "series 0: `0` is no value of a voxel",
        ),
    ],
)
def test_mistakes_in_a_list_are_told_at_its_entry(
    declared, entry: dict[str, Any], expected: str
) -> None:
    name = {} if "needs a `name`" in expected else {"name": "s"}
    assert listed(declared, {**name, **entry}) == []
    assert any(expected in one for one in declared.problems), declared.problems
    assert all("lists/items.json:1:2: " in one for one in declared.problems)


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_a_value_that_an_entry_maps_twice_is_told_with_both(declared, form: str) -> None:
    one = (
        '{"name": "s", "series": [{"items": "a.nii.gz", "segmentations": "s.nii.gz", '
        '"segmentMap": {"1": "liver", "2": "cyst", "1": "tumour"}}]}'
    )
    declared.write(f"list.{form}", data=f"[{one}]" if form == "json" else one)
    assert declared.expand(items_list=f"list.{form}") == []
    assert declared.problems == [
        "items-list: list.json:1:120: the key `1` is given twice, at 1:93 and at 1:120"
        if form == "json"
        else "items-list: list.jsonl:1:119: the key `1` is given twice, at 1:92 and at 1:119"
    ]
