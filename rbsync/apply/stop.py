"""Stopping a run: from outside, gently, or because going on would be no use."""

from __future__ import annotations

import threading

from rbsync.model.outcome import Failure

INTERRUPTED = "interrupted"
AUTH = "the service does not accept the key"
OUTAGE = "too many failures in a row"
LIMIT = "as many failures as were allowed"
BREAKER = 20
"""Failures in a row that look like an outage."""


class Stop:
    """A request to take no new actions. The running ones end and are recorded."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.reason = ""

    def request(self, reason: str) -> None:
        """Asks for the end of the run; the first reason stands."""
        self.reason = self.reason or reason
        self._event.set()

    @property
    def requested(self) -> bool:
        return self._event.is_set()

    def pause(self, seconds: float) -> bool:
        """Waits, and returns False as soon as a stop is requested."""
        return not self._event.wait(seconds)


class Tally:
    """Counts failures, and stops the run when it should not go on."""

    def __init__(self, stop: Stop, max_failures: int | None) -> None:
        """``max_failures`` is how many end the run, None for never."""
        self.failures = 0
        self._stop = stop
        self._limit = max_failures
        self._in_a_row = 0

    def success(self) -> None:
        """An action was applied."""
        self._in_a_row = 0

    def failure(self, failure: Failure) -> None:
        """An action failed."""
        self.failures += 1
        outage = failure.kind in ("transient", "throttled") and failure.phase != "read"
        self._in_a_row = self._in_a_row + 1 if outage else 0
        if failure.kind == "auth":
            self._stop.request(AUTH)
        elif self._in_a_row >= BREAKER:
            self._stop.request(OUTAGE)
        elif self._limit is not None and self.failures >= self._limit:
            self._stop.request(LIMIT)
