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


def test_a_key_that_nobody_documents_is_guessed_at(declared) -> None:
    assert expanded(declared, {"name": "a", "itmes": ["a.png"]}) == ["good"]
    assert "unknown key `itmes`; did you mean `items`?" in declared.problems[0]
