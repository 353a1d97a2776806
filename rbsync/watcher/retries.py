"""Growing pauses before what failed is tried again. Pure: times are arguments, in seconds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import repeat

from rbsync.model.fingerprint import Fingerprint

FIRST = 2.0
LONGEST = 600.0
LONGEST_PASSING = 60.0
"""Seconds up to which pauses grow for what the service did not take just then."""


@dataclass(frozen=True, slots=True)
class _Failed:
    attempted: Fingerprint | None
    message: str
    pause: float
    due: float
    passes: bool = False


class Retries:
    """The failures, by name, and when it may be tried again."""

    def __init__(self) -> None:
        self._failed: dict[str, _Failed] = {}

    def __len__(self) -> int:
        return len(self._failed)

    @property
    def names(self) -> list[str]:
        """The names of what failed, sorted."""
        return sorted(self._failed)

    def failed(
        self,
        name: str,
        attempted: Fingerprint | None,
        message: str,
        now: float,
        *,
        passes: bool = False,
    ) -> bool:
        """Notes a failure; True when its message is a new one.

        One that ``passes`` says nothing of the name: the service did not take it just then.
        """
        before = self._failed.get(name)
        # Other content is another try: a file that was mended must not wait ten minutes.
        same = before is not None and before.attempted == attempted
        longest = LONGEST_PASSING if passes else LONGEST
        pause = min(2 * before.pause, longest) if before and same else FIRST
        self._failed[name] = _Failed(attempted, message, pause, now + pause, passes)
        return before is None or before.message != message

    def succeeded(self, names: Iterable[str], now: float) -> None:
        """Notes names that are done with."""
        done = [one for one in map(self._failed.pop, names, repeat(None)) if one]
        # A service that refuses a third of all requests takes each name at last. With pauses that
        # double for each name the last of 500 would come after ten minutes. Only what had failed
        # tells that trying again is of use: new files come all the time.
        if any(one.passes for one in done):
            self._ease(now)

    def _ease(self, now: float) -> None:
        """Lets what the service did not take be tried again soon."""
        for name, one in self._failed.items():
            if one.passes:
                due = min(one.due, now + FIRST)
                self._failed[name] = replace(one, pause=FIRST / 2, due=due)

    def keep(self, names: Iterable[str]) -> None:
        """Forgets all names but these, of which there is still something to do."""
        left = self._failed.keys() & names if self._failed else ()
        self._failed = {name: self._failed[name] for name in left}

    def waits(self, name: str, desired: Fingerprint | None, now: float) -> bool:
        """Tells whether a name has to wait; not once its content has changed."""
        known = self._failed.get(name)
        return known is not None and known.attempted == desired and now < known.due

    def hurry(self) -> None:
        """Lets all be tried again at once."""
        for name, one in self._failed.items():
            self._failed[name] = replace(one, due=0.0)

    def next_due(self) -> float:
        """Returns when the first may be tried again; infinity without any."""
        return min((one.due for one in self._failed.values()), default=float("inf"))


FIRST_PAUSE = 2.0
LONGEST_PAUSE = 60.0
"""Seconds between two looks that fail as a whole, as with a key that is not accepted."""


class Pause:
    """The pause of the whole loop, which grows while nothing works."""

    def __init__(self) -> None:
        self._length = 0.0
        self.until = 0.0
        """When it ends; 0 without one."""

    def begin(self, now: float) -> None:
        """Begins a pause, longer than the one before."""
        self._length = min(2 * self._length, LONGEST_PAUSE) if self._length else FIRST_PAUSE
        self.until = now + self._length

    def over(self) -> None:
        """All works again."""
        self._length = self.until = 0.0

    def cut(self) -> None:
        """Ends this one; the next will be longer all the same."""
        self.until = 0.0
