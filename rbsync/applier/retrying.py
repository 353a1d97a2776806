"""When to try again: full jitter, a pause and a budget that all workers share."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from rbsync.applier.breaker import Breaker, Lane
from rbsync.errors import BackendError
from rbsync.reasons import PASSING

# Over which those who waited go on, so that they do not come all at once.
SPREAD_SECONDS = 0.5
_SERVER_FAILURES = 500
_ALONE = (
    "the service answers other questions, and always fails this one: try again later, and tell "
    "those who run it"
)


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
            # The spread is drawn by each of those who wait, for a gate that opens at one moment
            # would let all of them through in it.
            if left > 0 and not self._pause(left + self._draw() * SPREAD_SECONDS):
                break
        return waited


# Between four attempts there are up to 3.5 s, in which a load balancer has changed over. Longer
# outages are left to the next run, which costs nothing but a command.
ATTEMPTS = 4
BASE_SECONDS = 0.5
MOST_SECONDS = 20.0
# A service may ask for an hour. A run that sleeps that long looks hung; failing tells people that
# they are throttled.
MOST_RETRY_AFTER = 120.0
# A retry costs 5 and a success gives 1 back, so that in the long run at most one request in six is
# a retry. Without it 24 workers with four attempts would quadruple the load of a failing service.
BUDGET = 500
COST = 5

T = TypeVar("T")


def delay(attempt: int, draw: float, retry_after: float | None) -> float:
    """Seconds to wait after a failed attempt (1 for the first).

    ``draw`` is uniform in [0, 1). What the service asks for is respected, within reason.
    """
    # Full jitter: workers that failed together would otherwise come back together.
    jittered = draw * min(MOST_SECONDS, BASE_SECONDS * 2.0 ** (attempt - 1))
    if retry_after is None:
        return jittered
    return max(jittered, min(max(retry_after, 0.0), MOST_RETRY_AFTER))


@dataclass
class Budget:
    """The retries that a whole run may spend, so that an outage is not answered with a storm."""

    left: int = BUDGET

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def spend(self) -> bool:
        """Takes a retry's price; False when there is not enough left."""
        with self._lock:
            if self.left < COST:
                return False
            self.left -= COST
            return True

    def refund(self) -> None:
        """A success gives a little back."""
        with self._lock:
            self.left = min(BUDGET, self.left + 1)


class GivenUpError(Exception):
    """The last of several attempts failed.

    ``lost`` says that one of them, not only the last, may have had its effect.
    """

    def __init__(self, error: BackendError, attempts: int, *, lost: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.attempts = attempts
        self.lost = lost


class StoppedError(GivenUpError):
    """The run was stopped before the first attempt: nothing was sent."""


class Retrier:
    """Calls the backend again where that is safe.

    ``pause`` waits for some seconds and returns False when the run is being stopped. While a
    breaker is there, an outage is waited for: its failures are no attempts. ``questions`` is the
    breaker of questions that are no part of a run. ``plain_questions`` are some that a service
    which is there answers, whatever else it fails: they are asked beside one that it does not
    answer.
    """

    def __init__(
        self,
        pause: Callable[[float], bool],
        draw: Callable[[], float] = random.random,
        *,
        questions: Breaker | None = None,
    ) -> None:
        self._pause = pause
        self._draw = draw
        self._questions = questions
        self._asking = threading.local()
        self._was_answered = False
        self._budget = Budget()
        self._backoff = Backoff(pause, draw)
        self._breaker: Breaker | None = None
        self.plain_questions: Sequence[Callable[[], object]] = ()

    @contextmanager
    def patient(self, breaker: Breaker | None) -> Iterator[None]:
        """Has a breaker decide what is sent, in all threads, while the context lasts."""
        self._breaker = breaker
        try:
            yield
        finally:
            self._breaker = None

    def wait(self) -> None:
        """Waits while the service wants no requests, unless the run is being stopped."""
        self._backoff.wait()

    def read(self, action: Callable[[], T], /) -> T:
        """The answer to a question, which is harmless. Satisfies ``backends.base.Reading``.

        While a run lasts it is perhaps part of a call, which then does the waiting for the end of
        an outage; else it waits by itself.
        """
        if getattr(self._asking, "is_plain", False):
            return action()
        try:
            if self._breaker is not None or self._questions is None:
                return self._call(action, "read", self._breaker, repeatable=True, is_part=True)
            return self._ask(action, self._questions)
        except GivenUpError as given_up:
            failure = given_up.error
            # Raised as the backend's error and not as GivenUpError: a backend that reads with a
            # retrier knows nothing of the applier.
            if not _is_open(self._breaker):
                failure.attempts = max(failure.attempts, given_up.attempts)
        raise failure

    def call(self, action: Callable[[], T], *, repeatable: bool, lane: Lane = "change") -> T:
        """The answer of an action, tried several times.

        ``repeatable`` says that doing it twice is harmless; what is not is tried again only when
        it was surely not sent. Raises GivenUpError.
        """
        return self._call(action, lane, self._breaker, repeatable=repeatable, is_part=False)

    def _ask(self, action: Callable[[], T], breaker: Breaker) -> T:
        # A question of a question: the outer one has the turn to ask, and would wait for itself.
        if getattr(self._asking, "is_within", False):
            return action()
        self._asking.is_within = True
        try:
            return self._call(action, "read", breaker, repeatable=True, is_part=False)
        finally:
            self._asking.is_within = False

    def _call(
        self,
        action: Callable[[], T],
        lane: Lane,
        breaker: Breaker | None,
        *,
        repeatable: bool,
        is_part: bool,
    ) -> T:
        attempt, waited = 1, 0.0
        lost = False
        failure: BackendError | None = None
        while True:
            # The time up to which this call has waited is remembered: it must not wait again for
            # the pause that its own refusal began, after having slept for it.
            waited = self._backoff.wait(waited)
            if not (is_part or breaker is None or breaker.admit(lane)):
                raise _stopped(failure, attempt, lost=lost, why=breaker.why)
            try:
                answer = self._attempt(action, lane, breaker, is_part=is_part)
            except BackendError as error:
                failure = error
                # One lost attempt stays lost. That the second was refused does not tell that the
                # first had no effect.
                lost = lost or (error.sent and error.kind in PASSING)
                seconds = delay(attempt, self._draw(), error.retry_after)
                # The others are told at once, before they spend requests of their own. An action
                # that has tried several times itself has waited already.
                if error.kind == "throttled" and error.attempts == 1:
                    waited = self._backoff.shut(seconds)
                again = _may_repeat(error, repeatable)
                if again and _is_open(breaker) and not is_part:
                    if self._is_alone(error, breaker):
                        error.hint = _ALONE
                        raise GivenUpError(error, attempt, lost=lost) from error
                    continue
                again = again and attempt < ATTEMPTS and not _is_open(breaker)
                if not (again and self._may_spend(error, breaker) and self._pause(seconds)):
                    raise GivenUpError(error, attempt, lost=lost) from error
                attempt += 1
            else:
                self._budget.refund()
                self._was_answered = True
                return answer

    def _may_spend(self, error: BackendError, breaker: Breaker | None) -> bool:
        """Tells whether another attempt is to be had."""
        # Who is asked to send less waits, and so do all others. Where a third of the requests is
        # refused the budget would be gone after 170 files, and all later ones fail at the first
        # refusal. That nothing comes of it is for the breaker to notice.
        if breaker is not None and error.kind == "throttled":
            return True
        return self._budget.spend()

    def _is_alone(self, error: BackendError, breaker: Breaker | None) -> bool:
        """Tells whether only this question has no answer. One that asks us to wait says why."""
        is_asked_to_wait = error.retry_after is not None or error.kind == "throttled"
        if breaker is None or is_asked_to_wait:
            return False
        return breaker.is_of_one_question(self._is_there)

    def _is_there(self) -> bool:
        self._asking.is_plain = True
        try:
            return any(map(_is_answered, self.plain_questions))
        finally:
            self._asking.is_plain = False

    def _attempt(
        self, action: Callable[[], T], lane: Lane, breaker: Breaker | None, *, is_part: bool
    ) -> T:
        """One attempt, of which the breaker is told."""
        if breaker is None:
            return action()
        answered, turn = False, breaker.turn
        try:
            answer = breaker.ask(action) if is_part else action()
            answered = True
        except BackendError as error:
            is_question = breaker is self._questions
            answered = error.kind not in PASSING or (is_question and not _is_away(error))
            # An address that never answered is more likely wrong than gone.
            is_wrong = error.misset and not self._was_answered
            if not (answered or error.is_counted or is_wrong):
                error.is_counted = True
                breaker.failed(lane, str(error), turn)
            raise
        finally:
            if answered:
                breaker.answered(lane, turn)
            if not is_part:
                breaker.leave(lane, answered=answered)
        return answer


def _is_answered(question: Callable[[], object]) -> bool:
    try:
        question()
    except BackendError as error:
        return error.kind not in PASSING
    return True


def _is_away(error: BackendError) -> bool:
    """Tells whether a failure is one of a service that is gone or ill.

    Who asks the wrong address gets web pages and other answers, and waits for nothing.
    """
    return error.status is None or error.status >= _SERVER_FAILURES


def _is_open(breaker: Breaker | None) -> bool:
    return breaker is not None and breaker.is_open


def _stopped(failure: BackendError | None, attempts: int, *, lost: bool, why: str) -> GivenUpError:
    if failure is None:
        text = f"the service does not answer ({why})" if why else "the run was stopped"
        return StoppedError(BackendError(f"{text}; nothing was sent"), 0, lost=False)
    return GivenUpError(failure, attempts, lost=lost)


def _may_repeat(error: BackendError, repeatable: bool) -> bool:
    """Tells whether to try again: never what was tried several times already inside the action."""
    return error.attempts == 1 and error.kind in PASSING and (repeatable or not error.sent)
