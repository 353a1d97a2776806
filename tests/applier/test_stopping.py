"""The end of a run before its end: asked for from outside, or because going on is no use."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from rbsync.applier import pipeline
from rbsync.applier.cancellation import BREAKER, INTERRUPTED, Cancellation, Tally
from rbsync.applier.retrying import BUDGET, COST
from rbsync.errors import ExitCode
from rbsync.model.outcome import Failure, Outcome
from rbsync.model.plan import Policy
from rbsync.model.record import Intent
from rbsync.planner.decide import Rules
from tests.applier.failing_store import FailingWriter
from tests.applier.faulty import Fault, Faulty, always, failing, lost, script
from tests.applier.site import Site, by_url, datapoint, pending, pruning, stamps

MANY = [by_url(f"{number:03}") for number in range(200)]


@pytest.mark.parametrize("batch", [1, 50])
def test_a_refused_key_stops_the_run_at_once(site: Site, batch: int) -> None:
    backend = Faulty(site.project, always(create=failing("auth", status=401)), batch=batch)
    stop = Cancellation()
    run = site.run(MANY, backend, stop=stop, rules=pruning())
    assert run.exit_code == ExitCode.AUTH
    assert stop.reason == "the service does not accept the key"
    assert len(backend.called("create")) <= 5
    kinds = list(run.results.values())
    assert len(kinds) == 200
    assert kinds.count("auth") == sum(len(one) for one in backend.called("create"))
    assert kinds.count("skipped") == 200 - kinds.count("auth")
    assert not pending(site.store.records())


def test_what_was_intended_and_not_sent_is_as_it_was_before(site: Site) -> None:
    """Also for datapoints that the project has: their records stay what they were."""
    site.run(MANY[:60])
    before = site.store.records()
    changed = [by_url(one.name, 2) for one in MANY[:60]]
    backend = Faulty(site.project, always(update=failing("auth")))
    run = site.run(changed, backend)
    after = site.store.records()
    failed = {one.name for one in run.outcomes if one.failure}
    assert 1 <= len(failed) <= 5
    assert {name: one for name, one in after.items() if name not in failed} == {
        name: one for name, one in before.items() if name not in failed
    }
    assert {one.applied for one in after.values()} == {one.applied for one in before.values()}


def test_an_outage_opens_the_breaker_after_20_failures_in_a_row(site: Site) -> None:
    desired = [site.file(f"{number:03}") for number in range(120)]
    backend = Faulty(site.project, always(upload=failing("throttled")))
    stop = Cancellation()
    run = site.run(desired, backend, jobs=2, stop=stop)
    assert stop.reason == "too many failures in a row"
    assert run.exit_code == ExitCode.ERROR
    failed = [one for one in run.outcomes if one.failure]
    assert BREAKER <= len(failed) <= BREAKER + 6
    assert len(run.outcomes) == 120
    assert site.run(desired).exit_code == ExitCode.DONE


def test_one_lost_request_for_50_datapoints_is_one_failure_in_a_row(site: Site) -> None:
    backend = Faulty(site.project, script(create=[failing()] * 4))
    run = site.run(MANY, backend, jobs=1)
    kinds = list(run.results.values())
    assert (kinds.count("transient"), kinds.count("applied")) == (50, 150)
    assert run.exit_code == ExitCode.SOME_FAILED


def test_failures_that_say_nothing_about_the_service_open_no_breaker(site: Site) -> None:
    desired = [site.file(f"{number:02}") for number in range(40)]
    made = site.plan([*desired, by_url("z")])
    for one in desired:
        (site.folder / one.items[0].ref).unlink()
    run = site.run(made)
    assert run.result("z") == "applied"
    assert list(run.results.values()).count("changed") == 40


def test_an_answer_in_between_closes_the_breaker() -> None:
    stop = Cancellation()
    tally = Tally(stop, None)
    for _ in range(3):
        for _ in range(BREAKER - 1):
            tally.request(answered=False)
        assert not stop.requested
        tally.request(answered=True)


@pytest.mark.parametrize("allowed", [1, 3])
def test_a_run_ends_at_as_many_failures_as_are_allowed(site: Site, allowed: int) -> None:
    backend = Faulty(site.project, always(create=Fault(reject="quota")), batch=1)
    stop = Cancellation()
    run = site.run(MANY, backend, jobs=1, max_failures=allowed, stop=stop)
    assert stop.reason == "as many failures as were allowed"
    assert len(backend.called("create")) == allowed
    assert run.exit_code == ExitCode.SOME_FAILED
    assert len(run.outcomes) == 200


def test_the_retry_budget_is_shared_by_all_workers(site: Site) -> None:
    """I15: an outage is answered with so many retries in all, not with a storm."""
    desired = [site.file(f"{number:03}") for number in range(300)]
    healthy = iter(range(10_000))

    def choose(method: str, _: Sequence[str]) -> Fault | None:
        # One in four works, so that the breaker stays closed.
        return None if method == "create" or next(healthy) % 8 > 6 else failing()

    backend = Faulty(site.project, choose)
    site.run(desired, backend, jobs=4)
    successes = len(site.tasks())
    retries = len(backend.called("upload")) - 300
    assert retries <= (BUDGET + 2 * successes) / COST + 4


def test_an_interrupt_lets_the_running_ones_end_and_skips_the_rest(site: Site) -> None:
    stop = Cancellation()

    def watch(method: str, _: Sequence[str]) -> None:
        if len(backend.called("create")) >= 2:
            stop.request(INTERRUPTED)

    slow = always(create=Fault(seconds=0.05))
    backend = Faulty(site.project, slow, watch=watch, batch=10)
    run = site.run(MANY, backend, jobs=2, stop=stop, rules=pruning())
    assert run.exit_code == ExitCode.INTERRUPTED
    applied = {name for name, one in run.results.items() if one == "applied"}
    assert applied == set(site.tasks()) == set(site.store.records())
    assert 20 <= len(applied) <= 40
    assert {one.note for one in run.outcomes if one.result == "skipped"} == {INTERRUPTED}
    assert len(run.outcomes) == 200
    backend = Faulty(site.project)
    assert site.run(MANY, backend).exit_code == ExitCode.DONE
    assert sum(len(one) for one in backend.called("create")) == 200 - len(applied)
    assert site.stamps() == stamps(MANY)


def test_an_interrupt_in_a_long_series_ends_before_the_next_file(site: Site) -> None:
    stop = Cancellation()

    def watch(method: str, _: Sequence[str]) -> None:
        if len(backend.called("upload")) == 3:
            stop.request(INTERRUPTED)

    backend = Faulty(site.project, watch=watch, keeps_uploads=True)
    items = [site.write(f"{number}.png", b"%d" % number) for number in range(40)]
    desired = [datapoint("series", items)]
    run = site.run(desired, backend, stop=stop)
    assert (run.results, run.exit_code) == ({"series": "skipped"}, ExitCode.INTERRUPTED)
    sent = len(backend.called("upload"))
    assert sent <= 5
    again = Faulty(site.project, keeps_uploads=True)
    assert site.run(desired, again).exit_code == ExitCode.DONE
    assert len(again.called("upload")) == 40 - sent


def test_an_interrupt_ends_a_pause_between_retries(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = Cancellation()
    begin = time.monotonic()
    threading.Timer(0.2, stop.request, [INTERRUPTED]).start()
    fault = failing("throttled", retry_after=100)
    run = site.run(MANY[:1], Faulty(site.project, always(create=fault)), stop=stop)
    assert run.exit_code == ExitCode.INTERRUPTED
    assert time.monotonic() - begin < 50


def test_an_interrupt_in_a_quarantine_leaves_what_is_not_seen_pending(site: Site) -> None:
    """Too early to believe that it is not there."""
    stop = Cancellation()

    def watch(method: str, about: tuple[str, ...]) -> None:
        if about == ("001",):
            stop.request(INTERRUPTED)

    faults = script(create=[lost(after=True), lost(after=False)])
    backend = Faulty(site.project, faults, quarantine=20.0, batch=1, watch=watch)
    run = site.run(MANY[:2], backend, jobs=1, stop=stop)
    assert run.results == {"000": "applied", "001": "ambiguous"}
    assert run.exit_code == ExitCode.INTERRUPTED
    assert pending(site.store.records()) == {"001"}
    assert site.run(MANY[:2]).exit_code == ExitCode.DONE


@pytest.mark.parametrize("queued", [True, False])
def test_a_replacement_that_was_to_be_sent_again_is_left_pending(site: Site, queued: bool) -> None:
    """Its old datapoint is gone: the record must not be put back to what it was."""
    site.run(MANY[:1])
    stop = Cancellation()

    def watch(method: str, about: tuple[str, ...]) -> None:
        if method == "find" and not queued:
            stop.request(INTERRUPTED)

    class Journaled(FailingWriter):
        """Asks for the stop between the second intent and the second sending."""

        def intend(self, intents: Sequence[Intent]) -> None:
            super().intend(intents)
            if backend.called("find") and queued:
                stop.request(INTERRUPTED)

    backend = Faulty(site.project, script(create=[lost(after=False)]), watch=watch)
    rules = Rules(Policy(on_change="replace"))
    run = site.run(
        [by_url("000", 2)],
        backend,
        stop=stop,
        rules=rules,
        wrap=lambda writer: Journaled(writer, "intend", 99),
    )
    assert (run.results, run.exit_code) == ({"000": "ambiguous"}, ExitCode.INTERRUPTED)
    assert (pending(site.store.records()), site.tasks()) == ({"000"}, {})
    assert site.run(MANY[:1]).results == {"000": "applied"}
    assert site.stamps() == stamps(MANY[:1])


def test_what_does_not_end_in_the_grace_period_is_left_pending(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "GRACE_SECONDS", 0.3)
    stop = Cancellation()
    stuck = threading.Event()
    ended: list[str] = []

    def watch(method: str, about: tuple[str, ...]) -> None:
        if method == "create" and "001" in about:
            stuck.wait(20)

    def seen(outcome: Outcome) -> None:
        ended.append(outcome.name)
        if len(ended) == 2:
            stop.request(INTERRUPTED)

    backend = Faulty(site.project, watch=watch, batch=1)
    begin = time.monotonic()
    run = site.run(MANY[:3], backend, stop=stop, seen=seen)
    assert time.monotonic() - begin < 15
    assert run.results == {"000": "applied", "001": "ambiguous", "002": "applied"}
    assert run.exit_code == ExitCode.INTERRUPTED
    assert pending(site.store.records()) == {"001"}
    stuck.set()
    while "001" not in site.tasks():
        time.sleep(0.01)
    assert site.run(MANY[:3]).exit_code == ExitCode.DONE
    assert site.stamps() == stamps(MANY[:3])


STUCK = """
import sys, threading, time
from rbsync.applier import pipeline
from rbsync.applier.cancellation import Cancellation
from tests.applier.faulty import Fault, Faulty, always
from tests.applier.site import by_url, sqlite_site
pipeline.GRACE_SECONDS = 0.2
site, stop = sqlite_site(sys.argv[1]), Cancellation()
threading.Timer(0.1, stop.request, ["interrupted"]).start()
run = site.run([by_url("a")], Faulty(site.project, always(create=Fault(seconds=600))), stop=stop)
sys.exit(int(run.exit_code))
"""


def test_a_worker_that_is_stuck_does_not_keep_the_process_alive(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", STUCK, tmp_path], cwd=root, timeout=100)
    assert done.returncode == 130


def test_a_stop_wakes_all_who_wait_and_lets_nobody_wait_again() -> None:
    stop = Cancellation()
    waited: list[bool] = []
    threads = [threading.Thread(target=lambda: waited.append(stop.pause(30))) for _ in range(5)]
    for thread in threads:
        thread.start()
    stop.request("first")
    stop.request("second")
    for thread in threads:
        thread.join(20)
    assert waited == [False] * 5
    assert (stop.pause(30), stop.reason) == (False, "first")


def test_without_a_stop_a_pause_is_waited_for() -> None:
    begin = time.monotonic()
    assert Cancellation().pause(0.05)
    assert Cancellation().pause(-1)
    assert time.monotonic() - begin >= 0.05


def test_a_signal_may_ask_for_a_stop_in_the_middle_of_a_pause() -> None:
    """The handler runs inside of the very call that waits."""
    code = (
        "import signal, sys\n"
        "from rbsync.applier.cancellation import Cancellation\n"
        "stop = Cancellation()\n"
        "signal.signal(signal.SIGALRM, lambda *_: stop.request('alarm'))\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.1)\n"
        "sys.exit(stop.pause(60))\n"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, timeout=50).returncode == 0


def test_failures_are_counted_by_their_kind() -> None:
    stop = Cancellation()
    tally = Tally(stop, 2)
    tally.failure(Failure("quota", "create", "full"))
    assert (tally.failures, stop.reason) == (1, "")
    tally.failure(Failure("auth", "create", "no"))
    assert (tally.failures, stop.reason) == (2, "the service does not accept the key")
