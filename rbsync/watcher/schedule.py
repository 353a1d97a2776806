"""When to look next. Pure: times are arguments, in seconds."""

from __future__ import annotations

from dataclasses import dataclass

FOREVER = float("inf")
SLACK = 0.05
"""Seconds within which a file that was made is closed. The hint comes when it is made."""


@dataclass
class Schedule:
    """Looks are due after hints, after times that others name, and now and then in any case.

    ``settle`` and a little more is waited for after a hint, so that one look finds all of a burst,
    and ``rescan`` is the longest time without a look. With ``poll`` nothing hints, and a look is
    due so often.
    """

    settle: float
    rescan: float
    poll: float | None = None
    _hinted: float = FOREVER
    _asked: bool = True
    _ended: float = 0.0
    _took: float = 0.0

    def hint(self, now: float) -> None:
        """Something may have changed; the first hint since the last look sets the time."""
        # The last hint would not do: files that come without end would put off the look for ever.
        self._hinted = min(self._hinted, now)

    def ask(self) -> None:
        """A look is wanted at once."""
        self._asked = True

    def begun(self) -> None:
        """A look begins: it finds all that was hinted at so far, and hints from here on count."""
        # Not after the look: what changes while it lists may be in a folder already listed.
        self._hinted = FOREVER
        self._asked = False

    def ended(self, now: float, took: float) -> None:
        """A look ended, after so many seconds."""
        self._ended, self._took = now, took

    def due(self) -> float:
        """Returns when the next look is due."""
        if self._asked:
            return 0.0
        # Looks of a huge tree take long. They must not follow each other without a pause.
        hinted = max(self._hinted + self.settle + SLACK, self._ended + self._took)
        return min(hinted, self._ended + self._interval())

    def _interval(self) -> float:
        if self.poll is None:
            return self.rescan
        # Polling a huge tree must leave the disk to others for nine tenths of the time.
        return min(self.rescan, max(self.poll, 10 * self._took))
