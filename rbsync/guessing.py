"""A guess at the word that was meant: cheap, for a stranger may have thousands of words wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

_LONGEST = 64
"""Letters of a word that is worth a guess: two words cost the product of their lengths."""

MOST_KNOWN = 500
"""Words among which one is guessed: each costs some microseconds, for each word that is wrong."""

_CUTOFF = 0.6
"""Of the library's similarity, which is at most the share of letters that two words share."""

_MOST_WORK = 5_000_000
"""Pairs of letters that all guesses of a stage may compare, half a second at most: only the first
problems are shown, and 20,000 wrong names in a folder of 5,000 files would take an hour."""


class _Work:
    """The work that guesses may still cost."""

    def __init__(self) -> None:
        self.left = _MOST_WORK

    def take(self, units: int) -> bool:
        self.left -= units
        return self.left >= 0


class _SpentError(Exception):
    """No more guesses are made: an exception, since what is raised is not remembered."""


_work: ContextVar[_Work | None] = ContextVar("guessing", default=None)


@contextmanager
def few_guesses() -> Iterator[None]:
    """Limits what all guesses in the context may cost together."""
    token = _work.set(_Work())
    try:
        yield
    finally:
        _work.reset(token)


def nearest(word: str, known: Collection[str]) -> str | None:
    """The known word that was probably meant; None when none is near, or too many are known."""
    if len(word) > _LONGEST or len(known) > MOST_KNOWN or not _may_cost(len(known)):
        return None
    try:
        return _nearest(word, tuple(known))
    except _SpentError:
        return None


def nearest_name(name: str, names: Collection[str], cutoff: float = _CUTOFF) -> str:
    """The name of however many that is most like another one; empty when none is near."""
    return _closest(name, names, cutoff) if names and _affords(name, names) else ""


@lru_cache(maxsize=1 << 12)
def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    if not _affords(word, known):
        raise _SpentError
    letters = Counter(word)
    likely = [one for one in known if _shared(word, letters, one) >= _CUTOFF]
    return _closest(word, likely, _CUTOFF) or None


def _closest(word: str, known: Collection[str], cutoff: float) -> str:
    # Here, since a run in which nothing is wrong guesses nothing.
    from difflib import get_close_matches

    return "".join(get_close_matches(word, known, n=1, cutoff=cutoff))


def _affords(word: str, known: Collection[str]) -> bool:
    # To count the letters of very many words is work as well.
    return _may_cost(len(known)) and _may_cost(len(word) * sum(map(len, known)))


def _may_cost(units: int) -> bool:
    work = _work.get()
    return work is None or work.take(units)


def _shared(word: str, letters: Counter[str], other: str) -> float:
    """An upper bound of how similar two words are."""
    total = len(word) + len(other)
    if not total or 2 * min(len(word), len(other)) < _CUTOFF * total:
        return 0.0
    return 2 * sum(min(number, other.count(one)) for one, number in letters.items()) / total
