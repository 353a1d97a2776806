"""Answers that are lost, late or wrong: settled by looking, never by sending blindly."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import pytest

from rbsync.applier import recovery
from rbsync.applier.cancellation import BREAKER, Cancellation
from rbsync.applier.pipeline import RESENDS
from rbsync.backends.base import Draft, IncompleteError, Task, every_name
from rbsync.errors import BackendError, ExitCode
from rbsync.model.datapoint import Settings
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.outcome import Failure, Outcome
from rbsync.model.record import Intent, Record
from rbsync.planner.decide import Rules
from tests.applier.faulty import Fault, Faulty, always, failing, lost, script
from tests.applier.site import Policy, Site, by_url, pending, pruning, sqlite_site, stamps
from tests.builders import OWNER
from tests.hints.following import follows

TWENTY = [by_url(f"{number:02}") for number in range(20)]


def test_a_create_that_landed_is_adopted(site: Site) -> None:
    backend = Faulty(site.project, script(create=[lost(after=True)]))
    run = site.run([by_url("a")], backend)
    assert run.exit_code == ExitCode.DONE
    assert [method for method, _ in backend.calls] == ["create", "find"]
    assert run.outcomes[0].note == "it was there already, with this content"
    assert run.outcomes[0].task_id == site.tasks()["a"].task_id
    assert site.store.records()["a"].applied == by_url("a").fingerprint


def test_a_create_that_did_not_land_is_sent_again(site: Site) -> None:
    backend = Faulty(site.project, script(create=[lost(after=False), lost(after=False)]))
    assert site.run([by_url("a")], backend).exit_code == ExitCode.DONE
    assert [method for method, _ in backend.calls] == ["create", "find"] * 2 + ["create"]
    assert set(site.tasks()) == {"a"}


@follows("run apply again")
def test_a_create_that_never_lands_is_sent_again_three_times_at_most(site: Site) -> None:
    backend = Faulty(site.project, always(create=lost(after=False)))
    run = site.run([by_url("a")], backend)
    assert len(backend.called("create")) == 1 + RESENDS
    assert (run.result("a"), run.exit_code) == ("transient", ExitCode.SOME_FAILED)
    assert [one.failure.hint for one in run.outcomes] == ["run apply again"]
    assert not pending(site.store.records())
    assert site.run([by_url("a")]).exit_code == ExitCode.DONE


def test_of_a_batch_that_landed_in_part_the_rest_is_sent_again(site: Site) -> None:
    backend = Faulty(site.project, script(create=[None, lost(after=True, part=7)]), batch=10)
    assert site.run(TWENTY, backend, jobs=1).exit_code == ExitCode.DONE
    assert site.stamps() == stamps(TWENTY)
    assert sum(len(one) for one in backend.called("create")) == 23


def test_a_request_may_still_land_in_the_quarantine(site: Site) -> None:
    fault = lost(after=False, late=0.15)
    backend = Faulty(site.project, script(create=[fault]), quarantine=1.5)
    assert site.run([by_url("a")], backend).exit_code == ExitCode.DONE
    assert len(backend.called("create")) == 1
    assert set(site.tasks()) == {"a"}


def test_others_go_on_and_are_recorded_during_a_quarantine(site: Site) -> None:
    at: dict[str, float] = {}
    backend = Faulty(site.project, script(create=[lost(after=True)]), batch=1, quarantine=2.0)
    begin = time.monotonic()

    def seen(one: Outcome) -> None:
        at.setdefault(one.name, time.monotonic() - begin)

    site.run(TWENTY, backend, seen=seen)
    (late,) = backend.called("find")[0]
    last = at.pop(late)
    assert last >= 2.0
    assert max(at.values()) < last


def test_a_name_that_is_taken_by_the_same_content_is_adopted(site: Site) -> None:
    site.run(TWENTY)
    with site.store.writer(OWNER, timeout=0) as writer:
        writer.commit(removed=[one.name for one in TWENTY])
    backend = Faulty(site.project)
    assert site.run(TWENTY, backend).exit_code == ExitCode.DONE
    assert sum(len(one) for one in backend.called("find")) == 20
    assert len(backend.called("find")) == len(backend.called("create"))
    assert len(site.tasks()) == len(site.store.records()) == 20


def test_a_name_that_is_taken_by_other_content_is_a_conflict(site: Site) -> None:
    site.run([by_url("a", 7)])
    with site.store.writer(OWNER, timeout=0) as writer:
        writer.commit(removed=["a"])
    run = site.run([by_url("a"), by_url("b")])
    assert run.results == {"a": "conflict", "b": "applied"}
    assert run.exit_code == ExitCode.SOME_FAILED
    assert site.stamps()["a"] == by_url("a", 7).fingerprint
    assert not pending(site.store.records())


def test_a_whole_batch_that_is_told_to_exist_is_looked_up(site: Site) -> None:
    """The wording of an answer decides nothing: some are there, some are not."""
    site.run(TWENTY[:5])
    with site.store.writer(OWNER, timeout=0) as writer:
        writer.commit(removed=[one.name for one in TWENTY[:5]])
    backend = Faulty(site.project, script(create=[failing("conflict", sent=True)]))
    assert site.run(TWENTY, backend).exit_code == ExitCode.DONE
    assert site.stamps() == stamps(TWENTY)


def test_what_is_said_to_exist_and_is_not_seen_is_looked_up_again_later(site: Site) -> None:
    """A listing may lag behind; after the quarantine it is believed."""
    backend = Faulty(site.project, script(create=[Fault(reject="conflict")]), quarantine=0.2)
    begin = time.monotonic()
    assert site.run([by_url("a")], backend).exit_code == ExitCode.DONE
    assert [method for method, _ in backend.calls] == ["create", "find", "find", "create"]
    assert time.monotonic() - begin >= 0.2


@follows("run apply again to settle it")
def test_a_look_up_that_fails_leaves_the_intent_and_exit_code_10(site: Site) -> None:
    backend = Faulty(site.project, always(create=lost(after=True), find=failing("quota")))
    run = site.run(TWENTY[:3], backend)
    assert run.exit_code == ExitCode.UNSETTLED
    assert set(run.results.values()) == {"ambiguous"}
    assert pending(site.store.records()) == {"00", "01", "02"}
    assert "nobody knows whether it was done: quota of the test" in str(run.outcomes[0].failure)
    assert {one.failure.hint for one in run.outcomes} == {"run apply again to settle it"}
    assert site.run(TWENTY[:3]).exit_code == ExitCode.DONE


def test_what_could_not_be_settled_is_not_sent_until_it_is(site: Site) -> None:
    faults = always(create=lost(after=True), find=failing("quota"))
    site.run(TWENTY[:3], Faulty(site.project, faults))
    silent = Faulty(site.project, always(find=failing("quota")))
    run = site.run(TWENTY[:4], silent)
    assert run.exit_code == ExitCode.UNSETTLED
    assert silent.called("create") == [("03",)]
    assert pending(site.store.records()) == {"00", "01", "02"}
    backend = Faulty(site.project)
    assert site.run(TWENTY[:4], backend).exit_code == ExitCode.DONE
    assert backend.called("create") == []
    assert not pending(site.store.records())


@pytest.mark.parametrize("after", [True, False])
def test_an_update_is_safe_to_repeat(site: Site, after: bool) -> None:
    site.run([by_url("a")])
    backend = Faulty(site.project, script(update=[lost(after=after)] * 3))
    assert site.run([by_url("a", 2)], backend).exit_code == ExitCode.DONE
    assert len(backend.called("update")) == 4
    assert site.stamps() == stamps([by_url("a", 2)])


@pytest.mark.parametrize("after", [True, False])
def test_an_update_that_stays_unknown_is_settled_by_the_next_run(site: Site, after: bool) -> None:
    site.run([by_url("a")])
    run = site.run([by_url("a", 2)], Faulty(site.project, always(update=lost(after=after))))
    assert run.exit_code == ExitCode.UNSETTLED
    (record,) = site.store.records().values()
    assert record.pending is not None
    assert record.pending.operation == "update"
    backend = Faulty(site.project)
    assert site.run([by_url("a", 2)], backend).exit_code == ExitCode.DONE
    assert len(backend.called("update")) == (0 if after else 1)
    assert site.stamps() == stamps([by_url("a", 2)])


@pytest.mark.parametrize("after", [True, False])
def test_a_delete_that_stays_unknown_is_settled_by_the_next_run(site: Site, after: bool) -> None:
    site.run(TWENTY)
    rules = pruning(max_delete=1.0)
    run = site.run([], Faulty(site.project, always(delete=lost(after=after))), rules=rules)
    assert run.exit_code == ExitCode.UNSETTLED
    assert {one.pending and one.pending.operation for one in site.store.records().values()} == {
        "delete"
    }
    assert site.run([], rules=rules).exit_code == ExitCode.DONE
    assert (site.tasks(), site.store.records()) == ({}, {})


ONE_LANDED = [lost(after=True), failing(), failing("throttled"), failing()]


def test_an_update_of_which_one_attempt_may_have_landed_is_not_known_to_have_failed(
    site: Site,
) -> None:
    """The last attempt was surely not sent; the first one was, and had its effect."""
    site.run([by_url("a")])
    run = site.run([by_url("a", 2)], Faulty(site.project, script(update=ONE_LANDED)))
    assert (run.result("a"), run.exit_code) == ("ambiguous", ExitCode.UNSETTLED)
    assert pending(site.store.records()) == {"a"}
    backend = Faulty(site.project)
    assert site.run([by_url("a", 2)], backend).exit_code == ExitCode.DONE
    assert backend.called("update") == []


@pytest.mark.parametrize("replacing", [True, False])
def test_a_delete_of_which_one_attempt_may_have_landed_is_not_known_to_have_failed(
    site: Site, replacing: bool
) -> None:
    site.run([by_url("a")])
    desired = [by_url("a", 2)] if replacing else []
    rules = Rules(Policy(prune=True, on_change="replace"))
    run = site.run(desired, Faulty(site.project, script(delete=ONE_LANDED)), rules=rules)
    assert (run.result("a"), run.exit_code) == ("ambiguous", ExitCode.UNSETTLED)
    assert (pending(site.store.records()), site.tasks()) == ({"a"}, {})
    assert site.run([by_url("a")]).exit_code == ExitCode.DONE
    assert site.stamps() == stamps([by_url("a")])


def test_a_replacement_that_is_sent_again_does_not_delete_again(site: Site) -> None:
    """The old one is gone; a second delete that fails would say that it is not."""
    site.run([by_url("a")])
    faults = script(create=[lost(after=False)], delete=[None, failing("quota")])
    backend = Faulty(site.project, faults)
    rules = Rules(Policy(on_change="replace"))
    run = site.run([by_url("a", 2)], backend, rules=rules)
    assert [(one.action, one.result) for one in run.outcomes] == [("replace", "applied")]
    assert [method for method, _ in backend.calls] == ["delete", "create", "find", "create"]


@pytest.mark.parametrize("lost_call", ["delete", "create"])
@pytest.mark.parametrize("after", [True, False])
def test_a_replacement_that_is_lost_ends_with_the_new_one(
    site: Site, lost_call: str, after: bool
) -> None:
    rules = Rules(Policy(on_change="replace"))
    site.run([by_url("a")])
    faults = always(**{lost_call: lost(after=after), "find": failing("quota")})
    run = site.run([by_url("a", 2)], Faulty(site.project, faults), rules=rules)
    assert run.exit_code == ExitCode.UNSETTLED
    assert site.run([by_url("a", 2)], rules=rules).exit_code == ExitCode.DONE
    assert site.stamps() == stamps([by_url("a", 2)])


def test_a_service_that_loses_every_answer_opens_the_breaker(site: Site) -> None:
    """No endless run against a service that is out of order."""
    desired = [by_url(f"{number:03}") for number in range(300)]
    backend = Faulty(site.project, always(create=lost(after=True)), batch=1, quarantine=5.0)
    stop = Cancellation()
    run = site.run(desired, backend, jobs=1, stop=stop)
    assert stop.reason == "too many failures in a row"
    sent = len(backend.called("create"))
    assert sent == BREAKER
    assert run.report is not None
    assert run.report.count("applied") == sent
    assert run.report.skipped == 300 - sent


def intend(site: Site, sent_at: float) -> None:
    with site.store.writer(OWNER, timeout=0) as writer:
        writer.intend([Intent("a", "create", by_url("a").fingerprint, sent_at)])


OLD, NEW, OTHER = (by_url("a", version).fingerprint for version in (1, 2, 3))
LOST = Failure("ambiguous", "create", "lost")


def with_id(record: Record, task_id: str) -> Record:
    return record._replace(task_id=task_id) if record.task_id == "id" else record


def never(_: float) -> bool:
    """A pause that nobody may make."""
    pytest.fail("there was a pause")


def test_a_delete_is_done_when_somebody_else_has_the_name_now(site: Site) -> None:
    site.run([by_url("a", 3)])
    record = Record("a", OLD, "t", pending=Intent("a", "delete", None, 1.0))
    assert recovery.settle_all(site.project, {"a": record}, clock=time.time, pause=never) == {
        "a": None
    }


@pytest.mark.parametrize(
    ("record", "there", "expected"),
    [
        (Record("a"), None, None),
        (Record("a"), NEW, Record("a", NEW, "id")),
        (Record("a", failure=LOST, attempted=NEW), None, Record("a", None, "", LOST, NEW)),
        (Record("a", OLD, "t"), OLD, Record("a", OLD, "id", None, NEW)),
        (Record("a", OLD, "t"), NEW, Record("a", NEW, "id")),
        (Record("a", OLD, "t"), None, None),
        (Record("a", OLD, "id"), OTHER, Record("a", OLD, "id", None, NEW)),
        (Record("a", OLD, "t"), OTHER, Record("a", None, "", recovery.conflict(), NEW)),
        (Record("a"), OTHER, Record("a", None, "", recovery.conflict(), NEW)),
    ],
)
def test_an_intent_is_settled_by_what_is_there(
    site: Site, record: Record, there: Fingerprint | None, expected: Record | None
) -> None:
    if there is not None:
        items = (("a.png", "https://example.org/a.png"),)
        site.project.create([Draft("a", items, None, Settings("public"), there)])
        task_id = site.tasks()["a"].task_id
        record = with_id(record, task_id)
        expected = expected and with_id(expected, task_id)
    records = {"a": record._replace(pending=Intent("a", "update", NEW, 1.0))}
    pause = never
    found = recovery.settle_all(site.project, records, clock=time.time, pause=pause)
    assert found == {"a": expected}


@pytest.mark.parametrize(
    ("age", "waits"), [(0.0, [30.0]), (400.0, [30.0]), (615.0, [15.0]), (9000.0, []), (-99.0, [30])]
)
def test_recovery_waits_until_the_last_request_has_landed(
    site: Site, age: float, waits: list[float]
) -> None:
    """A create may be sent long after its intent, when the service asked for pauses."""
    intend(site, 1e9 - age)
    paused: list[float] = []

    def noted(seconds: float) -> bool:
        paused.append(seconds)
        return True

    backend = Faulty(site.project, quarantine=30.0)
    settled = recovery.settle_all(
        backend,
        site.store.records(),
        clock=lambda: 1e9,
        pause=noted,
    )
    assert paused == waits
    assert settled == {"a": None}


def test_recovery_that_is_interrupted_while_it_waits_believes_nothing(site: Site) -> None:
    intend(site, 1e9)
    backend = Faulty(site.project, quarantine=30.0)
    records = site.store.records()
    settled = recovery.settle_all(backend, records, clock=lambda: 1e9, pause=lambda _: False)
    assert (settled, backend.calls) == ({}, [])


def test_nothing_pending_costs_no_call(site: Site) -> None:
    backend = Faulty(site.project)
    records = {"a": Record("a", by_url("a").fingerprint, "t")}
    pause = never
    assert recovery.settle_all(backend, records, clock=time.time, pause=pause) == {}
    assert backend.calls == []


class Halfway(Faulty):
    """Its look-ups have an answer for all names but one."""

    def find(
        self, names: Sequence[str], *, counted: Callable[[str], bool] = every_name
    ) -> dict[str, Task]:
        found = super().find(names, counted=counted)
        if "03" not in names:
            return found
        del found["03"]
        raise IncompleteError(BackendError("no answer"), found, ["03"])


def test_of_many_look_ups_only_those_without_an_answer_are_not_settled(site: Site) -> None:
    backend = Halfway(site.project, script(create=[lost(after=True)]))
    run = site.run(TWENTY, backend, jobs=1)
    assert {name for name, one in run.results.items() if one != "applied"} == {"03"}
    assert run.result("03") == "ambiguous"
    assert "nobody knows whether it was done: no answer" in str(run.outcomes)
    assert pending(site.store.records()) == {"03"}
    assert site.run(TWENTY).exit_code == ExitCode.DONE
    assert len(site.tasks()) == 20


def test_recovery_settles_the_names_that_it_gets_an_answer_for(site: Site) -> None:
    site.run(TWENTY, Faulty(site.project, always(create=lost(after=True), find=failing("quota"))))
    assert len(pending(site.store.records())) == 20
    settled = recovery.settle_all(
        Halfway(site.project), site.store.records(), clock=lambda: 1e12, pause=lambda _: True
    )
    assert settled.keys() == {one.name for one in TWENTY} - {"03"}
    assert all(one and one.applied for one in settled.values())


def test_what_was_refused_is_looked_up_before_it_is_created_again(site: Site) -> None:
    """A service may do what it refused, once nobody looks any more."""
    desired = [by_url("a"), by_url("b")]
    refusing = Faulty(site.project, always(create=Fault(reject="quota")))
    assert site.run(desired, refusing).results == {"a": "quota", "b": "quota"}
    twin = sqlite_site(site.folder / "twin")
    twin.project = site.project
    assert twin.run(desired[:1]).results == {"a": "applied"}
    backend = Faulty(site.project)
    done = site.run(desired, backend, rules=Rules(insist=True))
    assert done.results["b"] == "applied"
    assert done.results["a"] in ("applied", "recognised")
    assert [about for about in backend.called("create") if "a" in about] == []
    assert ("a", "b") in backend.called("find")
    assert site.stamps() == stamps(desired)


def test_what_was_never_refused_is_created_without_a_look(site: Site) -> None:
    backend = Faulty(site.project)
    assert site.run([by_url("a")], backend).results == {"a": "applied"}
    assert backend.called("find") == []
