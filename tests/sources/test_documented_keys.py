"""Members that the service documents are taken, or refused by name with what takes their place."""

from __future__ import annotations

import json

import pytest

from rbsync.model.datapoint import SeriesSettings
from rbsync.sources.documented_keys import UNSENT


def expanded(declared, entry) -> list[str]:
    declared.write("l.json", data=json.dumps([entry, {"name": "good", "items": ["g.png"]}]))
    return [one.name for one in declared.expand(items_list="l.json")]


@pytest.mark.parametrize("key", UNSENT)
def test_a_member_of_an_entry_that_is_not_sent_is_named(declared, key) -> None:
    assert expanded(declared, {"name": "a", "items": ["a.png"], key: []}) == ["good"]
    assert declared.problems == [
        f"items-list: l.json:1:2: rbsync does not send `{key}`: {UNSENT[key]}"
    ]


@pytest.mark.parametrize("key", ["segmentations", "segmentMap"])
def test_a_member_of_a_series_that_stands_beside_it_is_told_where_it_belongs(declared, key) -> None:
    segmented = {"items": "a.nii", "segmentations": ["s.nii"], "segmentMap": {"1": "liver"}}
    assert expanded(declared, {"name": "a", "items": ["a.nii"], key: segmented[key]}) == ["good"]
    form = '"series": [{"items": …, "segmentations": …, "segmentMap": …}]'
    assert declared.problems == [
        f"items-list: l.json:1:2: `{key}` belongs to a series: write `{form}`"
    ]
    assert expanded(declared, {"name": "a", "series": [segmented]}) == ["a", "good"]


@pytest.mark.parametrize("key", ["boundingBoxes", "binaryMask", "transforms"])
def test_a_member_of_a_series_that_is_not_sent_is_named(declared, key) -> None:
    entry = {"name": "a", "series": [{"items": "a.png"}, {"items": "b.png", key: []}]}
    assert expanded(declared, entry) == ["good"]
    (problem,) = declared.problems
    assert problem.endswith(f"series 1: rbsync does not send `{key}`: {UNSENT[key]}")


def test_the_name_and_metadata_of_a_series_are_taken(declared) -> None:
    left = {"items": "a.png", "name": "left", "metaData": {"side": "L"}}
    declared.write("l.json", data=json.dumps([{"name": "a", "series": [left, {"items": "b.png"}]}]))
    (entry,) = declared.expand(items_list="l.json")
    assert entry.settings.series == (SeriesSettings("left", {"side": "L"}),)
    assert (declared.problems, declared.warnings) == ([], [])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": 5}, "`name` must be a string"),
        ({"metaData": {"a": 1}}, "`metaData` must be an object of strings"),
        ({"metaData": [], "metadata": {}}, "`metaData` and `metadata` are two names of one thing"),
    ],
)
def test_a_name_or_metadata_of_a_series_that_is_none_is_told(declared, wrong, message) -> None:
    entry = {"name": "a", "series": [{"items": "a.png", **wrong}]}
    assert expanded(declared, entry) == ["good"]
    assert f"series 0: {message}" in declared.problems[0]


def test_labels_are_given_beside_series_as_the_advice_says(declared) -> None:
    box = {"category": [["object", "cat"]], "attributes": [], "bbox2d": {}}
    entry = {"name": "a", "series": [{"items": "a.png", "boundingBoxes": []}]}
    assert expanded(declared, entry) == ["good"]
    assert "give them as LabelObjects under the entry's `labels`" in declared.problems[0]
    entry = {"name": "a", "series": [{"items": "a.png"}], "labels": [box]}
    assert expanded(declared, entry) == ["a", "good"]
    declared.write("l.json", data=json.dumps([entry]))
    (study,) = declared.expand(items_list="l.json")
    assert (study.labels[0], study.series) == ([box], (1,))


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (
            {"category": "cat", "attributes": [{"name": "x"}]},
            "rbsync does not send `attributes` of",
        ),
        ({"category": "cat", "group": [1], "id": 3}, "rbsync does not send `group`, `id` of"),
        (["animal", "cat"], 'the value 1 has ["animal", "cat"]'),
        (7, "the value 1 has 7"),
    ],
)
def test_what_a_map_says_beside_a_category_is_named(declared, named, message) -> None:
    declared.write("s.nii.gz")
    series = {"items": "a.png", "segmentations": "s.nii.gz", "segmentMap": {"1": named}}
    assert expanded(declared, {"name": "a", "series": [series]}) == ["good"]
    assert message in declared.problems[0]


@pytest.mark.parametrize("named", ["cat", ["cat"], {"category": "cat", "attributes": []}])
def test_a_category_is_a_name_in_any_documented_form(declared, named) -> None:
    series = {"items": "a.png", "segmentations": "s.nii.gz", "segmentMap": {"1": named}}
    assert expanded(declared, {"name": "a", "series": [series]}) == ["a", "good"]


def test_a_key_that_nobody_documents_is_guessed_at(declared) -> None:
    assert expanded(declared, {"name": "a", "itmes": ["a.png"]}) == ["good"]
    assert "unknown key `itmes`; did you mean `items`?" in declared.problems[0]
