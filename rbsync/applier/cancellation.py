"""Stopping a run: from outside, gently, or because going on would be no use."""

from __future__ import annotations

import threading
from collections import Counter
from queue import Empty, SimpleQueue

from rbsync.model.outcome import Failure

INTERRUPTED = "interrupted"
AUTH = "the service does not accept the key"
OUTAGE = "too many failures in a row"
UNREACHABLE = "the service did not answer for too long"
LIMIT = "as many failures as were allowed"
UNRECORDED = "the state cannot be written"
BUG = "a mistake in the program"
BREAKER = 20
"""Failures in a row that look like an outage."""

MOST_ALIKE = 2000
"""Refusals in the same words: what a full plan says 2,000 times, it says of the rest as well."""


class Cancellation:
    """A request to take no new actions. The running ones end and are recorded."""

    def __init__(self) -> None:
        self.reason = ""
        # A signal handler may interrupt any call of this class and ask for the end itself. The
        # lock inside an Event would then wait for the very code that was interrupted.
        self._gate: SimpleQueue[None] = SimpleQueue()

    def request(self, reason: str) -> None:
        """Asks for the end of the run; the first reason stands."""
        # Ctrl-C after an outage must still be reported as the outage: that is what has to be
        # mended.
        self.reason = self.reason or reason
        self._gate.put(None)

    @property
    def requested(self) -> bool:
        return bool(self.reason)

    def pause(self, seconds: float) -> bool:
        """Waits, and returns False as soon as a stop is requested."""
        try:
            self._gate.get(timeout=max(seconds, 0.0))
        except Empty:
            return not self.requested
        # Put back what was taken, for all workers wait at this gate: one that kept the token would
        # leave the others asleep for the rest of their pause.
        self._gate.put(None)
        return False


class Tally:
    """Counts failures, and stops the run when it should not go on. For any number of threads."""

    def __init__(
        self, stop: Cancellation, max_failures: int | None, *, breaker: int | None = BREAKER
    ) -> None:
        """``max_failures`` end the run, and so do ``breaker`` in a row; None for never."""
        self.failures = 0
        self._stop = stop
        self._limit = max_failures
        self._breaker = breaker
        self._in_a_row = 0
        self._alike: Counter[str] = Counter()
        self._lock = threading.Lock()

    def failure(self, failure: Failure) -> None:
        """An action failed."""
        with self._lock:
            self.failures += 1
        # No later request can go better with a key that is not accepted, and a service may lock out
        # a key that asks 40,000 times.
        if failure.kind == "auth":
            self._stop.request(AUTH)
        elif self._limit is not None and self.failures >= self._limit:
            self._stop.request(LIMIT)

    def refusal(self, words: str) -> None:
        """The service said no, in these words; whether it did nothing is not looked up yet."""
        with self._lock:
            self._alike[words] += 1
            is_enough = self._alike[words] >= MOST_ALIKE
        if is_enough:
            self._stop.request(f"{MOST_ALIKE:,} were refused in the same words: {words}")

    def request(self, *, answered: bool) -> None:
        """A request, for however many actions, was answered or met what looks like an outage."""
        with self._lock:
            self._in_a_row = 0 if answered else self._in_a_row + 1
        if self._breaker is not None and self._in_a_row >= self._breaker:
            self._stop.request(OUTAGE)
