"""What makes two contents the same: not how they are spelled, but what they say."""

from __future__ import annotations

import hashlib
import json

import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from rbsync.model.fingerprint import (
    Fingerprint,
    algorithm_of,
    canonical_json,
    digest,
    of_dataset,
    of_items,
    of_value,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
CONTENTS = st.lists(st.sampled_from(["xxh3:1", "xxh3:2", "ref:a", "ref:b\nc", "ref:"]), max_size=4)


def test_a_digest_names_its_algorithm() -> None:
    assert digest(b"abc") == "xxh3:" + xxhash.xxh3_128_hexdigest(b"abc")
    assert digest(b"abc", "sha256") == "sha256:" + hashlib.sha256(b"abc").hexdigest()
    assert algorithm_of(digest(b"abc")) == "xxh3"
    assert algorithm_of(digest(b"abc", "sha256")) == "sha256"


def test_the_digest_of_nothing_is_as_it_always_was() -> None:
    assert digest(b"") == "xxh3:99aa06d3014798d86001c324468d497f"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "1.0"),
        ("1", "1e0"),
        ("10", "1e1"),
        ("99999999999999991611392", "1e23"),
        ("0", "-0.0"),
        ('{"a": 1, "b": [2.0]}', '{"b": [2], "a": 1.0}'),
        ('"\\u00fc"', '"ü"'),
    ],
)
def test_the_spelling_of_a_value_does_not_matter(one, other) -> None:
    assert of_value(json.loads(one)) == of_value(json.loads(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "1.5"),
        ("1", "true"),
        ("0", "false"),
        ("1", '"1"'),
        ("null", "{}"),
        ("[1, 2]", "[2, 1]"),
        ("[[1], 2]", "[1, [2]]"),
        ('{"a": null}', "{}"),
        ('{"a": "b"}', '{"b": "a"}'),
        ('"a"', '"A"'),
        ("0.1", "0.10000000000000002"),
    ],
)
def test_the_content_of_a_value_matters(one, other) -> None:
    assert of_value(json.loads(one)) != of_value(json.loads(other))


@given(VALUES, st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(value, rng) -> None:
    assert canonical_json(_shuffled(value, rng)) == canonical_json(value)


def _shuffled(value, rng):
    if isinstance(value, dict):
        keys = list(value)
        rng.shuffle(keys)
        return {key: _shuffled(value[key], rng) for key in keys}
    return [_shuffled(one, rng) for one in value] if isinstance(value, list) else value


@given(VALUES)
def test_canonical_json_of_what_it_says_is_itself(value) -> None:
    text = canonical_json(value)
    assert canonical_json(json.loads(text)) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_float_loses_a_digit(number) -> None:
    assert json.loads(canonical_json(number)) == number


def test_half_a_character_has_a_fingerprint_too() -> None:
    assert of_value({"a": "\ud800"}) != of_value({"a": "\udfff"})
    assert of_items(["ref:\ud800", "ref:x"]) != of_items(["ref:\udfff", "ref:x"])


def test_a_single_file_is_fingerprinted_by_its_own_content() -> None:
    assert of_items(["xxh3:1"]) == "xxh3:1"
    assert of_items(["ref:http://a"]).startswith("xxh3:")


@given(CONTENTS, CONTENTS)
def test_items_are_the_same_only_when_each_is_in_its_order(one, other) -> None:
    assert (of_items(one) == of_items(other)) == (one == other)


def test_the_order_of_frames_matters() -> None:
    assert of_items(["xxh3:1", "xxh3:2"]) != of_items(["xxh3:2", "xxh3:1"])


def test_a_fingerprint_says_in_which_facets_it_differs() -> None:
    before = Fingerprint("i", "l", "s")
    assert before.changed_since(before) == ()
    assert Fingerprint("i", "", "t").changed_since(before) == ("labels", "settings")
    assert Fingerprint("j", "l", "s").changed_since(before) == ("items",)


def test_the_algorithm_of_a_dataset_stands_before_its_digest() -> None:
    entry = [("a", Fingerprint("i", "l", "s"))]
    assert of_dataset(entry).startswith("xxh3-sum:")
    assert of_dataset(entry, "sha256").startswith("sha256-sum:")
