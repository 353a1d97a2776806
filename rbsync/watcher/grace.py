"""The grace of deletes: files that are replaced by delete and create come back within it. Pure."""

from __future__ import annotations

from collections.abc import Iterable

GRACE = 60.0


class Grace:
    """Since when names are no longer declared. Begins anew with each start of the program."""

    def __init__(self, seconds: float = GRACE) -> None:
        self._seconds = seconds
        self._missed: dict[str, float] = {}
        self._held: frozenset[str] = frozenset()

    def over(self, missing: Iterable[str], now: float) -> frozenset[str]:
        """Returns the names that have been missing for as long as the grace; all others begin anew.

        ``missing`` are all names that are missing now.
        """
        # A name that comes back and goes again gets the whole grace: it may be replaced again.
        self._missed = {name: self._missed.get(name, now) for name in missing}
        due = now - self._seconds
        over = frozenset(name for name, since in self._missed.items() if since <= due)
        self._held = frozenset(self._missed.keys() - over)
        return over

    def next_due(self) -> float:
        """Returns when the grace of the next name ends; infinity where none is within it."""
        ends = (self._missed[name] + self._seconds for name in self._held)
        return min(ends, default=float("inf"))
