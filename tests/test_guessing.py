"""Guesses at words: those of the library, in a time that thousands of wrong words do not show."""

from __future__ import annotations

import time
from difflib import get_close_matches

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbsync import guessing
from rbsync.guessing import few_guesses, nearest, nearest_name

WORDS = st.text("abcd_é", min_size=1, max_size=8)


@given(WORDS, st.lists(WORDS, max_size=6))
def test_a_guess_is_the_one_of_the_library(word: str, known: list[str]) -> None:
    expected = get_close_matches(word, known, n=1)
    assert nearest(word, known) == (expected[0] if expected else None)


def test_thousands_of_wrong_words_and_very_long_ones_take_no_time() -> None:
    known = [f"name_of_a_key_{number}" for number in range(40)]
    began = time.process_time()
    for number in range(5_000):
        nearest(f"key{number}", known)
    assert nearest("a" * 1_000_000, known) is None
    assert time.process_time() - began < 2


def test_names_that_are_all_near_cost_no_more_than_a_stage_may_take() -> None:
    known = [f"scan_{number:06}_a.png" for number in range(5_000)]
    began = time.process_time()
    with few_guesses():
        found = [nearest_name(f"scan_{number:06}_b.png", known, 0.8) for number in range(5_000)]
    assert (found[0], found[-1]) == ("scan_000000_a.png", "")
    assert time.process_time() - began < 4


def test_what_one_stage_spent_is_not_taken_from_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guessing, "_MOST_WORK", 2_000)
    known = [f"class_{number}" for number in range(5)]
    for _ in range(2):
        with few_guesses():
            # Of many words those that come too late get no guess, nor is that remembered.
            guesses = [nearest(f"klass_{number}", known) for number in range(20)]
        assert guesses[0] == known[0]
        assert guesses[-1] is None
    assert nearest("klass_19", known) == "class_1"
