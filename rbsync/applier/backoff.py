"""A pause that the service asks of one worker, kept by all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

SPREAD_SECONDS = 0.5
"""Over which those who waited go on, so that they do not come all at once."""


class Backoff:
    """Shut for a while when a request was one too many.

    A call keeps the time up to which it has waited, so that it waits once for each pause.
    """

    def __init__(self, pause: Callable[[float], bool], draw: Callable[[], float]) -> None:
        """``pause`` waits for some seconds and returns False when the run is being stopped."""
        self._pause = pause
        self._draw = draw
        self._until = 0.0
        self._lock = threading.Lock()

    def shut(self, seconds: float) -> float:
        """Has all others wait for some seconds from now; returns the time at which they end."""
        until = time.monotonic() + seconds
        with self._lock:
            self._until = max(until, self._until)
        return until

    def wait(self, waited: float = 0.0) -> float:
        """Waits while it is shut, unless the run is being stopped; the time up to which it was."""
        while waited < self._until:
            waited = self._until
            left = waited - time.monotonic()
            if left > 0 and not self._pause(left + self._draw() * SPREAD_SECONDS):
                break
        return waited
