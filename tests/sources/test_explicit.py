"""A datapoint that is written out."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from rbsync.manifest.model_keys import validated
from rbsync.sources.entry import InlineLabels
from rbsync.sources.explicit import ExplicitSource


def test_it_is_what_is_written(declared) -> None:
    (entry,) = declared.expand(name="n", items=["b.png", "a.png"], labels="l.json")
    assert (entry.name, entry.items, entry.labels) == ("n", ("b.png", "a.png"), "l.json")
    assert entry.settings is declared.settings
    assert str(entry.origin) == "rbsync.yaml:2:5"
    assert declared.silent()


def test_labels_may_stand_with_it_and_are_found_there(declared) -> None:
    (entry,) = declared.expand(name="n", items=["a"], labels=[{"category": "car"}])
    assert isinstance(entry.labels, InlineLabels)
    assert entry.labels.labels == [{"category": "car"}]
    assert str(entry.labels.locate((0, "category"))) == "rbsync.yaml:5:8"


def test_it_may_have_no_labels(declared) -> None:
    (entry,) = declared.expand(name="n", items=["a"])
    assert entry.labels is None


@pytest.mark.parametrize(
    "keys",
    [
        {"name": "n"},
        {"items": ["a"]},
        {"name": "n", "items": []},
        {"name": "n", "items": ["a"], "prioritty": 1},
        {"name": "n", "items": ["a"], "priority": 1.01},
        {"name": "n", "items": ["a"], "priority": -1},
    ],
)
def test_what_is_missing_or_unknown_is_refused(keys) -> None:
    with pytest.raises(ValidationError):
        validated(ExplicitSource, keys)
