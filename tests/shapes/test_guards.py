"""Each question about a value of JSON has one answer, whoever asks it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rbsync.shapes.guards import (
    is_fraction,
    is_metadata,
    is_number,
    is_text,
    is_texts,
    is_whole,
    metadata_of,
)

NAN = float("nan")


@pytest.mark.parametrize("value", [0, 1, 0.5, 1.0, np.float32(0.25), np.int64(1)])
def test_a_fraction(value: Any) -> None:
    assert is_fraction(value)


@pytest.mark.parametrize("value", [True, -0.1, 1.1, NAN, float("inf"), "0.5", None, [], 10**400])
def test_no_fraction(value: Any) -> None:
    assert not is_fraction(value)


def test_a_bool_is_no_number_and_a_point_makes_no_whole_one() -> None:
    assert [is_number(one) for one in (1, 1.5, True, "1", None)] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert [is_whole(one) for one in (1, -1, 1.0, True, "1")] == [True, True, False, False, False]
    assert [is_whole(one, 0) for one in (0, -1)] == [True, False]


def test_texts_say_something_and_there_is_one_at_least() -> None:
    assert [is_text(one) for one in ("a", "", 1, None)] == [True, False, False, False]
    assert is_texts(["a", "b"])
    odd: list[Any] = [[], [""], ["a", 1], "a", None]
    for value in odd:
        assert not is_texts(value)


def test_metadata_is_strings_by_name_and_has_two_names_itself() -> None:
    assert is_metadata({"a": "b"})
    assert is_metadata({})
    odd: list[Any] = [{"a": 1}, {1: "a"}, [], None, "a"]
    for value in odd:
        assert not is_metadata(value)
    given = {"metadata": {"a": "b"}, "metaData": None, "name": "x"}
    assert metadata_of(given) == [("metadata", {"a": "b"})]
    assert len(metadata_of({**given, "metaData": {}})) == 2
