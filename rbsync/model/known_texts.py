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
        self._hashes = array("q", sorted(array("q", map(hash, texts))))

    @classmethod
    def of_hashes(cls, hashes: Iterable[int]) -> Self:
        """Those whose hashes, as `hash` makes them, these are."""
        made = cls(())
        made._hashes = array("q", sorted(hashes))
        return made

    def __contains__(self, text: object) -> bool:
        wanted = hash(text)
        at = bisect_left(self._hashes, wanted)
        return at < len(self._hashes) and self._hashes[at] == wanted
