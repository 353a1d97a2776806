"""When to try again."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbsync.applier import retrying
from rbsync.applier.action_failures import failure_of
from rbsync.applier.breaker import Breaker
from rbsync.applier.retrying import ATTEMPTS, BUDGET, COST, Budget, GivenUpError, Retrier, delay
from rbsync.errors import BackendError
from rbsync.reasons import FailureKind

attempts = st.integers(1, 200)
draws = st.floats(0, 1, exclude_max=True)
seconds = st.floats(allow_nan=False)


@pytest.fixture(autouse=True)
def backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "BASE_SECONDS", 0.5)


@given(attempts, draws)
def test_a_delay_is_anything_up_to_a_limit_that_doubles_until_20_seconds(
    attempt: int, draw: float
) -> None:
    limit = min(20.0, 0.5 * 2 ** (attempt - 1))
    assert 0 <= delay(attempt, draw, None) <= limit
    assert delay(attempt, 0.0, None) == 0
    assert delay(attempt, 0.5, None) == limit / 2


@given(attempts, draws, seconds)
def test_what_the_service_asks_for_is_respected_up_to_two_minutes(
    attempt: int, draw: float, asked: float
) -> None:
    found = delay(attempt, draw, asked)
    assert delay(attempt, draw, None) <= found <= 120
    assert found >= min(max(asked, 0.0), 120)


@given(draws, st.lists(seconds, min_size=2, max_size=2))
def test_who_asks_for_more_waits_no_less(draw: float, asked: list[float]) -> None:
    less, more = sorted(asked)
    assert delay(2, draw, less) <= delay(2, draw, more)


class Calls:
    """Fails as it is told, and notes the pauses between."""

    def __init__(self, *errors: BackendError | None) -> None:
        self.errors = list(errors)
        self.paused: list[float] = []
        self.retrier = Retrier(self.pause, draw=lambda: 0.5)

    def pause(self, seconds: float) -> bool:
        self.paused.append(seconds)
        return True

    def __call__(self) -> str:
        if error := self.errors.pop(0):
            raise error
        return "done"

    def run(self, *, repeatable: bool) -> str:
        return self.retrier.call(self, repeatable=repeatable)


def test_what_was_not_sent_is_tried_four_times() -> None:
    calls = Calls(*[BackendError("refused")] * 9)
    with pytest.raises(GivenUpError) as caught:
        calls.run(repeatable=False)
    assert caught.value.attempts == ATTEMPTS == 4
    assert calls.paused == [0.25, 0.5, 1.0]


def test_the_first_success_ends_the_trying() -> None:
    calls = Calls(BackendError("a"), BackendError("b", kind="throttled", retry_after=7), None)
    assert calls.run(repeatable=False) == "done"
    assert calls.paused == [0.25, 7]


@pytest.mark.parametrize("kind", ["transient", "throttled"])
def test_what_may_have_been_done_is_repeated_only_where_that_is_harmless(kind: FailureKind) -> None:
    lost = BackendError("lost", kind=kind, sent=True)
    with pytest.raises(GivenUpError):
        Calls(lost, None).run(repeatable=False)
    assert Calls(lost, None).run(repeatable=True) == "done"


@pytest.mark.parametrize("kind", ["auth", "quota", "conflict", "invalid", "changed", "ambiguous"])
def test_what_another_try_cannot_mend_is_tried_once(kind: FailureKind) -> None:
    calls = Calls(BackendError("no", kind=kind), None)
    with pytest.raises(GivenUpError) as caught:
        calls.run(repeatable=True)
    assert (caught.value.attempts, caught.value.error.kind, calls.paused) == (1, kind, [])


def test_a_stop_ends_the_trying() -> None:
    retrier = Retrier(lambda _: False)
    calls = Calls(BackendError("refused"), None)
    with pytest.raises(GivenUpError) as caught:
        retrier.call(calls, repeatable=True)
    assert caught.value.attempts == 1


def test_a_mistake_in_the_program_is_not_tried_again() -> None:
    def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Calls().retrier.call(broken, repeatable=True)


def test_the_budget_allows_a_hundred_retries_and_successes_earn_new_ones() -> None:
    budget = Budget()
    assert sum(budget.spend() for _ in range(1000)) == BUDGET // COST == 100
    for _ in range(COST):
        budget.refund()
    assert [budget.spend(), budget.spend()] == [True, False]
    for _ in range(10_000):
        budget.refund()
    assert budget.left == BUDGET


@pytest.mark.parametrize(("waits", "done"), [(True, 300), (False, 100)])
def test_who_waits_for_a_service_gets_everything_through_one_that_refuses_each_second_request(
    waits: bool, done: int
) -> None:
    calls = Calls(*[BackendError("slow down", kind="throttled"), None] * 300)
    count = 0
    with calls.retrier.patient(Breaker(calls.pause, give_up_after=60) if waits else None):
        for _ in range(300):
            with suppress(GivenUpError):
                calls.run(repeatable=False)
                count += 1
    # A success gives one of the five back that a retry costs.
    assert count >= done
    assert (count == 300) == waits


def test_what_a_backend_has_tried_several_times_is_not_begun_again() -> None:
    asked: list[int] = []

    def ask() -> None:
        asked.append(1)
        raise BackendError("no", kind="throttled", retry_after=0.0)

    retrier = Retrier(lambda _: True)
    with pytest.raises(GivenUpError) as caught:
        retrier.call(lambda: retrier.read(ask), repeatable=True)
    assert len(asked) == ATTEMPTS
    assert failure_of(caught.value, "read").attempts == ATTEMPTS


def test_a_question_that_fails_raises_the_last_error_as_it_was() -> None:
    last = BackendError("no", kind="auth", status=403)
    with pytest.raises(BackendError) as caught:
        Retrier(lambda _: True).read(lambda: failing_with(last))
    assert caught.value is last
    assert last.attempts == 1


def failing_with(error: BackendError) -> None:
    raise error
