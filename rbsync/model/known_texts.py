"""Texts of which only one thing is asked: whether one is among them."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from typing import Self


class KnownTexts:
    """Texts in eight bytes each: as they are, a million take a hundred MiB.

    Of two with one hash each counts for the other: among a million that is once in ten million
    times, and whoever asks must be harmed by nothing then.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._parts = _parts(map(hash, texts))

    @classmethod
    def of_hashes(cls, hashes: Iterable[int]) -> Self:
        """Those whose hashes, as `hash` makes them, these are."""
        made = cls(())
        made._parts = _parts(hashes)
        return made

    def __contains__(self, text: object) -> bool:
        wanted = hash(text)
        part = self._parts[wanted % _PARTS]
        at = bisect_left(part, wanted)
        return at < len(part) and part[at] == wanted


_PARTS = 256


def _parts(hashes: Iterable[int]) -> list[array[int]]:
    """The hashes by what is left of each, sorted."""
    parts = [array("q") for _ in range(_PARTS)]
    for one in hashes:
        parts[one % _PARTS].append(one)
    # Sorted at one time, a million would be objects of 40 MiB.
    return [array("q", sorted(part)) for part in parts]
