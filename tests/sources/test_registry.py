"""Every kind of source is known by a key of its own, and describes all its keys."""

from __future__ import annotations

import pytest

from rbsync.sources import DATAPOINT_SOURCES, MASK_SOURCES

ALL = [one for kinds in (DATAPOINT_SOURCES, MASK_SOURCES) for _, one in kinds.own()]


@pytest.mark.parametrize("kinds", [DATAPOINT_SOURCES, MASK_SOURCES])
def test_every_kind_is_registered_under_its_key(kinds) -> None:
    for name, one in kinds.own():
        assert one.key == name
        assert kinds.objection(name, one) == ""


@pytest.mark.parametrize("kind", ALL)
def test_every_key_has_a_description_and_an_example_that_it_accepts(kind) -> None:
    assert kind.key in kind.model_fields
    examples = {}
    for name, field in kind.model_fields.items():
        assert field.description, name
        assert field.examples, name
        examples[name] = field.examples[0]
    kind(**examples)
    assert kind.__doc__
