"""A circuit breaker: while the service does not answer, one request at a time asks whether it does.

An outage of a minute is no reason to end a run of hours, nor to send it a storm of requests.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeVar

from rbsync.errors import BackendError

T = TypeVar("T")

Lane = Literal["upload", "change", "read"]
"""What a request does. Files may go to another host than the rest, and a service that is being
mended may answer questions and take no changes, so that each lane is found well by itself."""

LANES: tuple[Lane, ...] = ("upload", "change", "read")
OPENS_AFTER = 3
"""Failures in a row of a lane: less than a call's attempts, so that a call of a single worker is
waited for too, and so few that a service that is gone gets hardly more than was on its way."""

MOST_OPENS_AFTER = 12
"""The most failures in a row that a line which loses answers now and then makes it wait for."""

CONFIRMED_BY = 3
"""Probes without an answer that make an outage of it: one may be lost on any bad line."""

FIRST_PROBE = 1.0
LONGEST_PROBE = 30.0
"""Seconds between two probes."""

_GROWTH = 3
"""Each pause between probes is so many times the one before it: four probes in a minute. With what
was on its way when the service went away, two dozen requests, they are fewer than 30."""

DOUBT = 3.0
"""Seconds for which a lane begins nothing more after a failure, unless one of those that are on
their way is answered, or none is left: they tell whether the service is gone."""

POLL = 0.2
"""Seconds after which those who wait look again, at different times."""

_GLANCE = 0.02
"""As `POLL`, of those who only do not know yet whether there is an outage."""


class Outage(NamedTuple):
    """The news that the breaker opens, and with ``is_over`` that it closes.

    ``seconds`` is how long it lasted, or will be waited for.
    """

    why: str
    seconds: float
    is_over: bool = False


class Breaker:
    """Open while an outage lasts. For any number of threads.

    ``pause`` waits for some seconds and returns False when the run is being stopped.
    ``give_up_after`` is for how many seconds it may be open before ``give_up`` is called. ``tell``
    is called once when it opens and once when it closes, by any thread.
    """

    def __init__(
        self,
        pause: Callable[[float], bool],
        give_up: Callable[[], None] = lambda: None,
        *,
        give_up_after: float,
        tell: Callable[[Outage], None] = lambda _: None,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._pause, self._give_up = pause, give_up
        self._tell, self._draw = tell, draw
        self._give_up_after = give_up_after
        self._in_a_row: Counter[Lane] = Counter()
        self._opens_after = OPENS_AFTER
        self._failed_probes = 0
        self._beside = 0
        self._waiting: Counter[Lane] = Counter()
        self._on_their_way: Counter[Lane] = Counter()
        self._doubtful: dict[Lane, float] = {}
        self._suspended: set[Lane] = set()
        self._failed: set[Lane] = set()
        self._prober: int | None = None
        self._probe_at = self._since = 0.0
        self._seconds = FIRST_PROBE
        self.why = ""
        """What met the last outage."""
        self.turn = 0
        """How often it was opened and closed so far."""
        self._has_met = False
        self._asking = threading.Lock()
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        return bool(self._suspended)

    def admit(self, lane: Lane) -> bool:
        """Waits until a request may be sent.

        False when the run is stopped before that, or the service was given up.
        """
        if self._may_go(lane):
            return True
        self._count(lane, 1)
        try:
            while not self._may_go(lane):
                if self.is_open and time.monotonic() - self._since > self._give_up_after:
                    self._give_up()
                    return False
                # Doubt is over in a moment, an outage is not.
                if not self._pause((POLL if self.is_open else _GLANCE) * (0.5 + self._draw())):
                    return False
            return True
        finally:
            self._count(lane, -1)

    def ask(self, question: Callable[[], T]) -> T:
        """Asks a question that is part of a call.

        While the breaker is open, one is asked at a time, and none once another had no answer: a
        call may be a look-up of many names, and it is one probe. Raises what the question does.
        """
        if "read" not in self._suspended:
            return question()
        with self._asking:
            if self._has_met and "read" in self._suspended:
                error = BackendError("the service does not answer")
                error.is_counted = True
                raise error
            return question()

    def leave(self, lane: Lane, *, answered: bool) -> None:
        """A request that was admitted is through: another one may be sent, at once or later."""
        with self._lock:
            self._on_their_way[lane] -= 1
            if self._prober != threading.get_ident():
                return
            self._prober = None
            self._failed_probes += not answered
            self._seconds = FIRST_PROBE if answered else min(LONGEST_PROBE, _GROWTH * self._seconds)
            self._probe_at = time.monotonic() + (0.0 if answered else self._seconds)

    def is_of_one_question(self, is_there: Callable[[], bool]) -> bool:
        """Tells, after a probe without an answer, whether the service fails this question alone.

        ``is_there`` asks it something else. It is no outage when that was answered beside several
        probes in a row: one listing that always ends with HTTP 500 would be waited for as long as
        a service that is gone. Of changes and files nothing is told so: a service that is being
        mended answers questions.
        """
        if self._failed != {"read"} or self._failed_probes < CONFIRMED_BY - 1:
            return False
        well = is_there()
        with self._lock:
            self._beside = self._beside + 1 if well else 0
            if self._beside < CONFIRMED_BY:
                return False
            # Others may wait with such questions too: none of them waits for the last pause.
            self._seconds, self._probe_at = FIRST_PROBE, 0.0
            return True

    def answered(self, lane: Lane, turn: int) -> None:
        """A request was answered, whatever the answer says.

        ``turn`` is that at which it was sent: what was on its way before the service went away
        tells nothing of how it is now.
        """
        if not (self._in_a_row[lane] or self._suspended):
            return
        with self._lock:
            if turn < self.turn:
                return
            self._in_a_row[lane] = 0
            self._doubtful.pop(lane, None)
            is_over = self._resume(lane)
        if is_over:
            self._tell(Outage("", time.monotonic() - self._since, is_over=True))

    def failed(self, lane: Lane, why: str, turn: int) -> None:
        """A request that was sent at a turn met what looks like an outage."""
        with self._lock:
            # It was sent before the last outage ended, and says nothing of now.
            if turn < self.turn and not self.is_open:
                return
            self._in_a_row[lane] += 1
            if self.is_open:
                self._suspended.add(lane)
                self._failed.add(lane)
                self._has_met = True
                return
            if self._in_a_row[lane] < self._opens_after:
                self._doubtful[lane] = time.monotonic() + DOUBT
                return
            self._open(lane)
            self.why = why
        self._tell(Outage(why, self._give_up_after))

    def _open(self, lane: Lane) -> None:
        """Suspends every lane: they likely have the same host, and are soon found well if not."""
        self.turn += 1
        self._doubtful.clear()
        self._suspended = set(LANES)
        self._failed = {lane}
        self._has_met = True
        self._failed_probes = self._beside = 0
        self._since = time.monotonic()
        self._seconds = FIRST_PROBE
        self._probe_at = self._since + FIRST_PROBE

    def _resume(self, lane: Lane) -> bool:
        """Lets a lane go on; True when no other one has to wait."""
        if lane not in self._suspended:
            return False
        self._suspended.discard(lane)
        # A lane that failed has a probe of its own to wait for.
        if self._suspended & self._failed:
            return False
        self.turn += 1
        self._suspended = set()
        # Of a line that loses half of all answers, three in a row are no news. Each false alarm
        # makes the next one rarer, or 100 creates would take minutes of waiting for nothing.
        patient = min(2 * self._opens_after, MOST_OPENS_AFTER)
        self._opens_after = OPENS_AFTER if self._failed_probes >= CONFIRMED_BY else patient
        return True

    def _may_go(self, lane: Lane) -> bool:
        """Takes the way where it is free: the request is then on it until it `leave`s."""
        with self._lock:
            is_free = self._is_free(lane)
            self._on_their_way[lane] += is_free
            return is_free

    def _is_free(self, lane: Lane) -> bool:
        if lane not in self._suspended:
            return not self._is_doubtful(lane)
        if self._prober is not None or time.monotonic() < self._probe_at:
            return False
        if any(self._waiting[one] for one in LANES if self._rank(one) < self._rank(lane)):
            return False
        self._prober = threading.get_ident()
        self._has_met = False
        return True

    def _is_doubtful(self, lane: Lane) -> bool:
        # A worker that failed would else go on to the next action, and meet the same.
        until = self._doubtful.get(lane, 0.0)
        return bool(until) and self._on_their_way[lane] > 0 and time.monotonic() < until

    def _rank(self, lane: Lane) -> bool:
        """Lanes that were not heard of in this outage ask first: they may well be in order."""
        return lane in self._failed

    def _count(self, lane: Lane, number: int) -> None:
        with self._lock:
            self._waiting[lane] += number
