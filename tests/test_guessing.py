"""Guesses at words: those of the library, in a time that thousands of wrong words do not show."""

from __future__ import annotations

import time
from difflib import get_close_matches

from hypothesis import given
from hypothesis import strategies as st

from rbsync.guessing import nearest

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
