"""Members that the service documents are taken, or refused by name with what takes their place."""

from __future__ import annotations

import json

import pytest

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


def test_the_name_of_a_series_is_told_once_and_the_datapoint_is_taken(declared) -> None:
    series = [{"items": "a.png", "name": "left"}, {"items": "b.png", "name": "right"}]
    assert expanded(declared, {"name": "a", "series": series}) == ["a", "good"]
    assert declared.problems == []
    (warning,) = declared.warnings
    assert "the `name` of a series is not sent" in warning


def test_a_key_that_nobody_documents_is_guessed_at(declared) -> None:
    assert expanded(declared, {"name": "a", "itmes": ["a.png"]}) == ["good"]
    assert "unknown key `itmes`; did you mean `items`?" in declared.problems[0]
