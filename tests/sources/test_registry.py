"""Every kind of source is known by a key of its own, and describes all its keys."""

from __future__ import annotations

from dataclasses import fields

import pytest
from pydantic import TypeAdapter

from rbsync.manifest.model_keys import validated
from rbsync.sources import DATAPOINT_SOURCES, MASK_SOURCES

ALL = [one for kinds in (DATAPOINT_SOURCES, MASK_SOURCES) for _, one in kinds.own()]


@pytest.mark.parametrize("kinds", [DATAPOINT_SOURCES, MASK_SOURCES])
def test_every_kind_is_registered_under_its_key(kinds) -> None:
    for name, one in kinds.own():
        assert one.key == name
        assert kinds.objection(name, one) == ""


@pytest.mark.parametrize("kind", ALL)
def test_every_key_has_a_description_and_an_example_that_it_accepts(kind) -> None:
    said = TypeAdapter(kind).json_schema()["properties"]
    assert kind.key in said
    assert said.keys() == {one.name for one in fields(kind)}
    examples = {}
    for name, field in said.items():
        assert field["description"], name
        examples[name] = field["examples"][0]
    validated(kind, examples)
    assert kind.__doc__
