"""The breaker: what is let through while a service does not answer, and when it is over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from rbsync.applier import breaker as module
from rbsync.applier.breaker import OPENS_AFTER, Breaker, Lane, Outage
from rbsync.applier.cancellation import INTERRUPTED, UNREACHABLE, Cancellation
from rbsync.applier.retrying import GivenUpError, Retrier, StoppedError
from rbsync.errors import BackendError, ExitCode
from tests.applier.faulty import Fault, Faulty, failing, lost
from tests.applier.site import Site, by_url, stamps


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PROBE", 0.05)
    monkeypatch.setattr(module, "LONGEST_PROBE", 0.2)
    monkeypatch.setattr(module, "POLL", 0.005)


def made(
    stop: Cancellation, give_up_after: float, tell: Callable[[Outage], None] = lambda _: None
) -> Breaker:
    give_up = partial(stop.request, UNREACHABLE)
    return Breaker(stop.pause, give_up, give_up_after=give_up_after, tell=tell)


class Service:
    """Away until a moment; counts what it was asked meanwhile, and how much at once."""

    def __init__(self, seconds: float = 0.0, error: Callable[[], BackendError] | None = None):
        self.back = time.monotonic() + seconds
        self.met = self.inside = self.most = 0
        self.last_met = 0.0
        self._error = error or (lambda: BackendError("nothing answers there"))
        self._lock = threading.Lock()

    def __call__(self) -> str:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        try:
            time.sleep(0.005)
            if time.monotonic() < self.back:
                with self._lock:
                    self.met += 1
                    self.last_met = time.monotonic()
                raise self._error()
            return "done"
        finally:
            with self._lock:
                self.inside -= 1


def test_many_workers_ask_once_in_a_while_and_all_get_through() -> None:
    told: list[Outage] = []
    began, opened = time.monotonic(), 0.0
    stop, service = Cancellation(), Service(1.0)
    retrier = Retrier(stop.pause)

    def tell(news: Outage) -> None:
        nonlocal opened
        opened = opened or time.monotonic()
        told.append(news)

    breaker = made(stop, give_up_after=60.0, tell=tell)
    with retrier.patient(breaker), ThreadPoolExecutor(24) as executor:
        calls = [executor.submit(retrier.call, service, repeatable=False) for _ in range(200)]
        assert [one.result() for one in calls] == ["done"] * 200
    assert service.met <= 24 + OPENS_AFTER + 8
    assert [one.is_over for one in told] == [False, True]
    assert told[0] == ("nothing answers there", 60.0, False)
    assert service.last_met - opened < told[1].seconds < time.monotonic() - began


def test_only_what_was_on_its_way_meets_a_service_that_goes_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever failed first does not go on to the next action before the others are through."""
    monkeypatch.setattr(module, "FIRST_PROBE", 600.0)
    monkeypatch.setattr(module, "DOUBT", 600.0)
    stop, gate = Cancellation(), threading.Barrier(24)
    met: list[int] = []
    is_gone = threading.Event()

    def request() -> str:
        if not is_gone.is_set():
            gate.wait(timeout=60)
            is_gone.set()
        met.append(threading.get_ident())
        raise BackendError("nothing answers there")

    retrier = Retrier(stop.pause)
    opened = threading.Event()
    breaker = Breaker(stop.pause, give_up_after=600.0, tell=lambda _: opened.set())
    with retrier.patient(breaker), ThreadPoolExecutor(24) as executor:
        calls = [executor.submit(retrier.call, request, repeatable=False) for _ in range(200)]
        assert opened.wait(timeout=60)
        stop.request(INTERRUPTED)
        assert all(isinstance(one.exception(), GivenUpError) for one in calls)
    assert len(met) == len(set(met)) == 24


def test_a_line_that_loses_an_answer_is_doubted_until_another_one_is_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "DOUBT", 600.0)
    stop = Cancellation()
    breaker = made(stop, give_up_after=60.0)
    assert breaker.admit("change")
    assert breaker.admit("change")
    breaker.failed("change", "lost", 0)
    breaker.leave("change", answered=False)
    with ThreadPoolExecutor(1) as waiting:
        third = waiting.submit(breaker.admit, "change")
        assert breaker.admit("read")
        assert not third.done()
        breaker.answered("change", 0)
        assert third.result(timeout=60)
        # Nobody is waited for who is not on his way.
        breaker.failed("change", "lost", 0)
        breaker.leave("change", answered=True)
        breaker.leave("change", answered=False)
        assert waiting.submit(breaker.admit, "change").result(timeout=60)


def test_questions_that_are_no_part_of_a_run_wait_by_themselves() -> None:
    told: list[Outage] = []
    stop, service = Cancellation(), Service(1.0)
    breaker = made(stop, give_up_after=60.0, tell=told.append)
    retrier = Retrier(stop.pause, questions=breaker)
    with ThreadPoolExecutor(10) as executor:
        asked = [executor.submit(retrier.read, service) for _ in range(50)]
        assert [one.result() for one in asked] == ["done"] * 50
    assert service.met <= 10 + OPENS_AFTER + 8
    assert [one.is_over for one in told] == [False, True]


def test_a_question_within_a_question_does_not_wait_for_itself() -> None:
    stop, service = Cancellation(), Service(0.5)
    retrier = Retrier(stop.pause, questions=made(stop, give_up_after=60.0))
    assert retrier.read(lambda: retrier.read(service)) == "done"


def test_who_asks_a_service_that_is_given_up_is_told_why() -> None:
    stop, service = Cancellation(), Service(60.0)
    retrier = Retrier(stop.pause, questions=Breaker(stop.pause, give_up_after=0.2))
    with pytest.raises(BackendError, match="nothing answers there"):
        retrier.read(service)
    met = service.met
    with pytest.raises(BackendError, match=r"does not answer \(nothing answers there\)"):
        retrier.read(service)
    assert (service.met, stop.requested) == (met, False)


def test_an_address_that_never_answered_and_looks_mistyped_is_not_waited_for() -> None:
    stop = Cancellation()
    service = Service(60.0, lambda: BackendError("no such name", misset=True))
    retrier = Retrier(stop.pause, draw=lambda: 0.0, questions=made(stop, give_up_after=60.0))
    with pytest.raises(BackendError, match="no such name"):
        retrier.read(service)
    assert service.met == 4


def test_an_outage_that_lasts_too_long_stops_the_run() -> None:
    stop, service = Cancellation(), Service(60.0)
    retrier = Retrier(stop.pause)
    with retrier.patient(made(stop, give_up_after=0.3)), pytest.raises(GivenUpError):
        retrier.call(service, repeatable=True)
    assert stop.reason == UNREACHABLE


def test_an_interrupt_ends_the_waiting_at_once_and_what_was_not_sent_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "FIRST_PROBE", 30.0)
    stop, service = Cancellation(), Service(60.0)
    retrier = Retrier(stop.pause)
    with retrier.patient(made(stop, give_up_after=60.0)), ThreadPoolExecutor(2) as executor:
        first = executor.submit(retrier.call, service, repeatable=True)
        while service.met < OPENS_AFTER:
            time.sleep(0.005)
        second = executor.submit(retrier.call, service, repeatable=True)
        time.sleep(0.1)
        began = time.monotonic()
        stop.request(INTERRUPTED)
        assert isinstance(first.exception(), GivenUpError)
        assert isinstance(second.exception(), StoppedError)
        assert time.monotonic() - began < module.FIRST_PROBE / 2


def test_storage_that_is_gone_keeps_nothing_else_from_going_on() -> None:
    """One upload after another asks, and only until it is back."""
    stop = Cancellation()
    storage, others = Service(600.0), Service()
    retrier = Retrier(stop.pause)
    with retrier.patient(made(stop, give_up_after=60.0)), ThreadPoolExecutor(8) as executor:
        sent = [
            executor.submit(retrier.call, storage, repeatable=True, lane="upload") for _ in range(6)
        ]
        while storage.met < OPENS_AFTER:
            time.sleep(0.005)
        lane: Lane
        for lane in ("change", "read"):
            assert retrier.call(others, repeatable=True, lane=lane) == "done"
        assert not any(one.done() for one in sent)
        storage.back = 0.0
        assert [one.result() for one in sent] == ["done"] * 6


def test_questions_within_a_call_do_not_wait_for_the_call_they_are_part_of() -> None:
    stop, service = Cancellation(), Service(0.5)
    retrier = Retrier(stop.pause)
    with retrier.patient(made(stop, give_up_after=60.0)), ThreadPoolExecutor(1) as others:
        inside = lambda: others.submit(retrier.read, service).result()  # noqa: E731
        assert retrier.call(inside, repeatable=True, lane="upload") == "done"
    assert service.met <= 10


def test_an_answer_that_was_on_its_way_before_is_no_end_of_an_outage() -> None:
    told: list[Outage] = []
    breaker = made(Cancellation(), give_up_after=60.0, tell=told.append)
    for _ in range(OPENS_AFTER):
        breaker.failed("change", "gone", 0)
    breaker.answered("change", 0)
    assert breaker.is_open
    breaker.answered("change", breaker.turn)
    assert not breaker.is_open
    # Nor is a failure that comes late the beginning of another one.
    for _ in range(OPENS_AFTER):
        breaker.failed("change", "gone", 1)
    assert not breaker.is_open
    assert len(told) == 2


def test_a_call_of_many_questions_is_one_probe() -> None:
    stop, service = Cancellation(), Service(1.0)
    retrier = Retrier(stop.pause)
    with retrier.patient(made(stop, give_up_after=60.0)), ThreadPoolExecutor(10) as others:
        many = lambda: list(others.map(lambda _: retrier.read(service), range(50)))  # noqa: E731
        assert retrier.call(many, repeatable=True, lane="read") == ["done"] * 50
    # Ten were on their way when the first of them was not answered.
    assert service.met <= 10 + 10


def test_answers_that_say_no_are_no_outage() -> None:
    stop = Cancellation()
    service = Service(60.0, lambda: BackendError("no", kind="invalid", sent=True))
    retrier = Retrier(stop.pause)
    told: list[Outage] = []
    with retrier.patient(made(stop, give_up_after=60.0, tell=told.append)):
        for _ in range(3 * OPENS_AFTER):
            with pytest.raises(GivenUpError):
                retrier.call(service, repeatable=True)
    assert told == []


def _away(seconds: float, **faults: Fault) -> Callable[[str, tuple[str, ...]], Fault | None]:
    back = time.monotonic() + seconds
    return lambda method, _: faults.get(method) if time.monotonic() < back else None


@pytest.mark.parametrize(
    "faults",
    [
        {"create": failing(), "find": failing()},
        {"create": lost(after=True), "find": failing()},
        {"create": lost(after=False), "find": failing("throttled")},
        {"upload": failing()},
        {"upload": lost(after=False), "create": failing(), "find": failing()},
    ],
    ids=["refused", "done-and-lost", "lost", "storage", "all"],
)
def test_a_run_goes_on_when_the_service_is_back(site: Site, faults: dict[str, Fault]) -> None:
    desired = [*(by_url(f"{n:03}") for n in range(60)), *(site.file(f"f{n}") for n in range(20))]
    backend = Faulty(site.project, _away(1.0, **faults), batch=1, quarantine=0.1)
    run = site.run(desired, backend, jobs=8, give_up_after=60.0)
    assert run.exit_code == ExitCode.DONE
    assert site.stamps() == stamps(desired)


def test_a_run_that_gives_up_keeps_what_is_known_and_the_next_one_does_the_rest(site: Site) -> None:
    desired = [by_url(f"{n:03}") for n in range(60)]
    faults = {"create": failing(), "find": failing()}
    stop = Cancellation()
    backend = Faulty(site.project, _away(60.0, **faults), batch=1, quarantine=0.1)
    run = site.run(desired, backend, jobs=8, give_up_after=0.3, stop=stop)
    assert (stop.reason, run.exit_code) == (UNREACHABLE, ExitCode.ERROR)
    assert len(run.outcomes) == 60
    assert site.run(desired).exit_code == ExitCode.DONE
    assert site.stamps() == stamps(desired)


def test_a_question_that_alone_is_never_answered_is_no_outage() -> None:
    stop, ill, well = Cancellation(), Service(60.0), Service()
    retrier = Retrier(stop.pause, draw=lambda: 0.0, questions=made(stop, give_up_after=60.0))
    retrier.plain_questions = (ill, lambda: retrier.read(well))
    with ThreadPoolExecutor(4) as executor:
        asked = [executor.submit(retrier.read, ill) for _ in range(8)]
        errors = [one.exception() for one in asked]
    assert {getattr(one, "hint", "").split(",")[0] for one in errors} == {
        "the service answers other questions"
    }
    assert not stop.requested
    # Nothing is waited for in vain: a service that answers nothing may still come back.
    retrier.plain_questions = (ill,)
    back = Service(0.5)
    assert retrier.read(back) == "done"


def test_changes_and_who_asks_us_to_wait_are_waited_for_whatever_else_is_answered() -> None:
    stop, well = Cancellation(), Service()
    mended = Service(0.8)
    retrier = Retrier(stop.pause)
    retrier.plain_questions = (well,)
    with retrier.patient(made(stop, give_up_after=60.0)):
        assert retrier.call(mended, repeatable=True) == "done"
    busy = Service(0.8, lambda: BackendError("no", status=503, retry_after=0.1))
    retrier = Retrier(stop.pause, questions=made(stop, give_up_after=60.0))
    retrier.plain_questions = (well,)
    assert retrier.read(busy) == "done"
