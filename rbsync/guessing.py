"""A guess at the word that was meant: cheap, for a stranger may have thousands of words wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache

_LONGEST = 64
"""Letters of a word that is worth a guess: two words cost the product of their lengths."""

MOST_KNOWN = 500
"""Words among which one is guessed: each costs some microseconds, for each word that is wrong."""

_CUTOFF = 0.6
"""Of the library's similarity, which is at most the share of letters that two words share."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant; None when none is near, or too many are known."""
    words = tuple(known)
    if len(word) > _LONGEST or len(words) > MOST_KNOWN:
        return None
    return _nearest(word, words)


@lru_cache(maxsize=1 << 12)
def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    letters = Counter(word)
    likely = [one for one in known if _shared(word, letters, one) >= _CUTOFF]
    near = get_close_matches(word, likely, n=1, cutoff=_CUTOFF)
    return near[0] if near else None


def _shared(word: str, letters: Counter[str], other: str) -> float:
    """An upper bound of how similar two words are."""
    total = len(word) + len(other)
    if not total or 2 * min(len(word), len(other)) < _CUTOFF * total:
        return 0.0
    return 2 * sum(min(number, other.count(one)) for one, number in letters.items()) / total
