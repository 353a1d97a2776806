"""Texts that take eight bytes each are told from all others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rbsync.model.known_texts import KnownTexts


@given(st.sets(st.text()), st.sets(st.text()))
def test_what_was_given_is_known_and_nothing_else(texts: set[str], others: set[str]) -> None:
    for known in (KnownTexts(texts), KnownTexts.of_hashes(map(hash, texts))):
        assert {one for one in texts | others if one in known} == texts


def test_ten_thousand_texts_are_known_each() -> None:
    known = KnownTexts(f"a/{number}.png" for number in range(10_000))
    assert all(f"a/{number}.png" in known for number in range(10_000))
    assert not any(f"b/{number}.png" in known for number in range(10_000))
