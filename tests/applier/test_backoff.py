"""What the service asks of one worker, all keep."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, repeat

from rbsync.applier.cancellation import INTERRUPTED, Cancellation
from rbsync.applier.retrying import SPREAD_SECONDS, Retrier
from rbsync.errors import BackendError


class Service:
    """Answers one call with a wish to be left alone; notes when calls come."""

    def __init__(self, seconds: float, refused: int = 1) -> None:
        self.seconds = seconds
        self.refused = refused
        self.calls: list[float] = []
        self.refusals: list[float] = []
        self._lock = threading.Lock()

    def __call__(self) -> str:
        with self._lock:
            self.calls.append(time.monotonic())
            refuse = len(self.refusals) < self.refused
            if refuse:
                self.refusals.append(time.monotonic())
        if refuse:
            raise BackendError("slow down", kind="throttled", retry_after=self.seconds)
        return "done"


def until_shut(retrier: Retrier) -> None:
    """Waits until a refusal has come to the knowledge of all."""
    while not retrier._backoff._until:
        time.sleep(0.001)


def test_nobody_calls_in_a_pause_that_was_asked_of_one() -> None:
    retrier = Retrier(Cancellation().pause)
    service = Service(0.5)
    retrier.call(lambda: "before", repeatable=False)
    first = threading.Thread(target=lambda: retrier.call(service, repeatable=False))
    first.start()
    until_shut(retrier)
    with ThreadPoolExecutor(8) as executor:
        futures = [executor.submit(retrier.call, service, repeatable=False) for _ in range(40)]
        assert {one.result() for one in futures} == {"done"}
    first.join()
    (refused,) = service.refusals
    early = [one for one in service.calls if refused < one < refused + 0.5]
    assert early == []
    assert len(service.calls) == 42


def test_those_who_waited_do_not_come_all_at_once() -> None:
    retrier = Retrier(Cancellation().pause)
    service = Service(0.5)
    with ThreadPoolExecutor(12) as executor:
        executor.submit(retrier.call, service, repeatable=True)
        until_shut(retrier)
        list(executor.map(lambda _: retrier.call(service, repeatable=True), range(11)))
    later = sorted(service.calls)[1:]
    assert later[-1] - later[0] > 0.1 * SPREAD_SECONDS


def test_a_pause_that_is_asked_for_in_the_middle_of_one_is_kept_too() -> None:
    # Who is refused first goes on first, and the others in the middle of the pause that it begins.
    draws = chain([0.0], repeat(0.5))
    retrier = Retrier(Cancellation().pause, lambda: next(draws))
    service = Service(0.6, refused=2)
    with ThreadPoolExecutor(7) as executor:
        executor.submit(retrier.call, service, repeatable=True)
        until_shut(retrier)
        answers = list(executor.map(lambda _: retrier.call(service, repeatable=True), range(6)))
    assert answers == ["done"] * 6
    first, second = service.refusals
    assert second >= first + 0.6
    assert [one for one in service.calls if second < one < second + 0.6] == []


def test_a_stop_ends_the_pause() -> None:
    stop = Cancellation()
    retrier = Retrier(stop.pause)
    service = Service(60.0)
    asked = threading.Thread(target=lambda: _ignore(retrier, service))
    asked.start()
    until_shut(retrier)
    threading.Timer(0.1, stop.request, [INTERRUPTED]).start()
    began = time.monotonic()
    retrier.wait()
    asked.join(30)
    assert time.monotonic() - began < 30


def _ignore(retrier: Retrier, service: Service) -> None:
    with ThreadPoolExecutor(1) as executor:
        executor.submit(retrier.call, service, repeatable=True).exception()
