"""The time for which a file has to be quiet. Pure: times are arguments, in seconds."""

from __future__ import annotations

from dataclasses import dataclass

UNPROVEN = 4
"""Times as long is waited where nobody can tell whether a file has a writer."""

LONGEST_GROWTH = 10
"""Times the settle time that the pauses of a slow writer make it at most."""

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 5.0
_LARGE = 1 << 30


@dataclass(frozen=True, slots=True)
class Growth:
    """The sight of a file that changes.

    ``changed`` is when it did last, and ``longest`` the longest pause between two changes.
    """

    version: tuple[int, int, int]
    changed: float
    longest: float = 0.0

    def seen(self, version: tuple[int, int, int], at: float) -> Growth:
        """The growth after one more look; ``version`` is size, mtime and ctime."""
        if version == self.version:
            return self
        return Growth(version, at, max(self.longest, at - self.changed))


def last_change(mtime: int, ctime: int, now: int) -> int:
    """Returns when a file changed last, by those of its times that do not lie ahead; 0 for none.

    A camera may date a file in years to come, and a clock that was set back dates all so. Taken at
    their word they would have been changed after whatever is asked now.
    """
    return max((one for one in (mtime, ctime) if one <= now), default=0)


def needed(settle: float, size: int, longest: float, *, proven: bool) -> float:
    """Returns for how long a file has to stand still before it may be taken for finished.

    A writer that paused for a second may pause for two: the longer it took, the longer is waited.
    """
    slow = min(2 * longest, LONGEST_GROWTH * settle)
    # A large file is likely to come over a slow line, where pauses are longer.
    patience = max(settle * (1 + size / _LARGE), slow)
    return patience if proven else UNPROVEN * patience


def next_pause(pause: float) -> float:
    """The pause before a file that waits is asked again, after one of ``pause``."""
    return min(2 * pause, LONGEST_PAUSE) if pause else FIRST_PAUSE
