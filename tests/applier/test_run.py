"""A whole run over a real project: what is done, in which order, and what is left undone."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest

from rbsync.errors import ExitCode
from rbsync.model.datapoint import Datapoint, Item
from rbsync.model.outcome import Outcome
from rbsync.model.plan import Create
from rbsync.model.record import Record
from rbsync.planner.decide import Rules
from tests.applier.faulty import Fault, Faulty, always, at_random, failing, script
from tests.applier.site import (
    Policy,
    Site,
    by_url,
    datapoint,
    inline_labels,
    pending,
    pruning,
    stamps,
)


def mixed(site: Site) -> list[Datapoint]:
    labelled = datapoint("labelled", [Item.remote("https://example.org/l.png")], inline_labels(0.5))
    frames = [site.write(f"frames/{number}.png", b"frame %d" % number) for number in range(3)]
    return [site.file("file"), by_url("url"), labelled, datapoint("frames", frames)]


def test_all_kinds_of_datapoints_are_created_as_planned(site: Site) -> None:
    desired = mixed(site)
    run = site.run(desired)
    assert run.exit_code == ExitCode.DONE
    assert site.stamps() == stamps(desired)
    assert site.tasks()["labelled"].labels == 1
    assert list(site.project.verify()) == []
    assert {name: one.applied for name, one in site.store.records().items()} == stamps(desired)


def test_a_second_run_has_nothing_to_do_and_changes_nothing(site: Site) -> None:
    desired = mixed(site)
    site.run(desired)
    before = site.store.header(), site.store.records()
    backend = Faulty(site.project)
    run = site.run(desired, backend)
    assert (run.outcomes, backend.calls) == ([], [])
    header = site.store.header()
    assert header is not None
    assert before[0] is not None
    assert (header.serial, site.store.records()) == (before[0].serial, before[1])


@pytest.mark.parametrize("jobs", [1, 2, 4])
@pytest.mark.parametrize("batch", [1, 3, 50])
def test_workers_and_batches_make_no_difference(site: Site, jobs: int, batch: int) -> None:
    desired = [site.file(f"{number:02}", b"%d" % (number // 2)) for number in range(30)]
    backend = Faulty(site.project, batch=batch)
    assert site.run(desired, backend, jobs=jobs).exit_code == ExitCode.DONE
    assert site.stamps() == stamps(desired)
    assert sorted(name for names in backend.called("create") for name in names) == sorted(
        stamps(desired)
    )


def test_creates_come_before_updates_and_updates_before_deletes(site: Site) -> None:
    site.run([by_url(f"old-{number}") for number in range(8)])
    changed = [by_url(f"old-{number}", version=2) for number in range(4)]
    new = [by_url(f"new-{number}") for number in range(4)]
    slow = always(create=Fault(seconds=0.05), update=Fault(seconds=0.02))
    backend = Faulty(site.project, slow, batch=1)
    run = site.run([*changed, *new], backend, rules=pruning())
    assert run.exit_code == ExitCode.DONE
    order = [method for method, _ in backend.calls if method != "upload"]
    assert order == ["create"] * 4 + ["update"] * 4 + ["delete"]
    assert [one.action for one in run.outcomes] == ["create"] * 4 + ["update"] * 4 + ["delete"] * 4
    assert site.stamps() == stamps([*changed, *new])


def test_intents_are_durable_before_anything_is_sent(site: Site) -> None:
    """I3: what another reader of the state sees at the moment at which the backend is called."""
    seen: list[str] = []

    def look(method: str, about: tuple[str, ...]) -> None:
        if method in ("create", "update"):
            assert set(about) <= pending(site.store.records())
        elif method == "delete":
            intended = [one for one in site.store.records().values() if one.pending]
            assert sorted(one.task_id for one in intended) == sorted(about)
            assert {one.pending and one.pending.operation for one in intended} == {"delete"}
        seen.append(method)

    backend = Faulty(site.project, watch=look, batch=7)
    site.run([by_url(f"{number:02}") for number in range(60)], backend)
    site.run([by_url("00", 2), by_url("01", 2)], backend, rules=pruning(max_delete=1.0))
    assert {"create", "update", "delete"} == set(seen)
    assert not pending(site.store.records())


def test_outcomes_are_given_out_only_when_they_are_durable(site: Site) -> None:
    def check(outcome: Outcome) -> None:
        record = site.store.record(outcome.name)
        if outcome.result == "removed":
            assert record is None
        else:
            assert record is not None
            assert record.pending is None
            assert record.task_id == outcome.task_id
            assert (record.failure is None) == (outcome.result == "applied")

    desired = [by_url(f"{number:03}") for number in range(120)]
    faults = script(create=[None, Fault(reject="invalid")])
    assert len(site.run(desired, Faulty(site.project, faults), seen=check).outcomes) == 120
    site.run(desired[:60], seen=check, rules=pruning(max_delete=1.0))


def test_nothing_is_deleted_in_a_run_that_had_a_failure(site: Site) -> None:
    site.run([by_url("a"), by_url("b")])
    backend = Faulty(site.project, always(create=Fault(reject="invalid")))
    run = site.run([by_url("new")], backend, rules=pruning())
    assert run.results == {"new": "invalid", "a": "skipped", "b": "skipped"}
    assert run.exit_code == ExitCode.SOME_FAILED
    assert backend.called("delete") == []
    assert set(site.tasks()) == {"a", "b"}
    assert "had a failure" in run.outcomes[-1].note


def test_deletes_stop_at_the_first_batch_that_fails(site: Site) -> None:
    site.run([by_url(f"{number:03}") for number in range(120)])
    backend = Faulty(site.project, script(delete=[None, failing("quota")]))
    run = site.run([], backend, rules=pruning(max_delete=1.0))
    assert run.exit_code == ExitCode.SOME_FAILED
    assert [len(one) for one in backend.called("delete")] == [50, 50]
    kinds = list(run.results.values())
    assert [kinds.count(one) for one in ("removed", "quota", "skipped")] == [50, 50, 20]
    assert len(site.tasks()) == len(site.store.records()) == 70
    assert site.run([], rules=pruning(max_delete=1.0)).exit_code == ExitCode.DONE
    assert (site.tasks(), site.store.records()) == ({}, {})


def test_replacing_deletes_the_old_and_creates_the_new(site: Site) -> None:
    site.run([by_url("a")])
    (old,) = site.tasks().values()
    run = site.run([by_url("a", 2)], rules=Rules(Policy(on_change="replace")))
    assert [(one.action, one.result) for one in run.outcomes] == [("replace", "applied")]
    (new,) = site.tasks().values()
    assert new.task_id != old.task_id
    assert site.stamps() == stamps([by_url("a", 2)])


def test_a_replacement_that_is_refused_leaves_no_claim_to_the_old(site: Site) -> None:
    """The old one is gone: going back to its content must create it again."""
    site.run([by_url("a")])
    backend = Faulty(site.project, script(create=[Fault(reject="invalid")]))
    run = site.run([by_url("a", 2)], backend, rules=Rules(Policy(on_change="replace")))
    assert run.result("a") == "invalid"
    record = site.store.record("a")
    assert record is not None
    assert (record.applied, record.task_id, site.tasks()) == (None, "", {})
    assert site.run([by_url("a")]).results == {"a": "applied"}
    assert site.stamps() == stamps([by_url("a")])


def test_a_replacement_whose_delete_fails_keeps_the_old(site: Site) -> None:
    site.run([by_url("a")])
    backend = Faulty(site.project, script(delete=[failing("quota")]))
    run = site.run([by_url("a", 2)], backend, rules=Rules(Policy(on_change="replace")))
    assert run.result("a") == "quota"
    record = site.store.record("a")
    assert record is not None
    assert record.applied == by_url("a").fingerprint
    assert site.stamps() == stamps([by_url("a")])


def test_records_that_never_came_to_anything_are_forgotten(site: Site) -> None:
    site.run([by_url("a")], Faulty(site.project, always(create=Fault(reject="quota"))))
    assert set(site.store.records()) == {"a"}
    assert site.run([]).exit_code == ExitCode.DONE
    assert site.store.records() == {}


def test_a_failure_says_what_happened_and_goes_when_it_is_over(site: Site) -> None:
    desired = [by_url("a")]
    backend = Faulty(site.project, always(create=failing("throttled", status=429, hint="wait")))
    run = site.run(desired, backend)
    record = site.store.record("a")
    assert record is not None
    assert record.failure is not None
    failure = record.failure
    assert (failure.kind, failure.phase, failure.attempts) == ("throttled", "create", 4)
    assert (failure.status, failure.hint) == (429, "wait")
    assert record.attempted == desired[0].fingerprint
    assert run.exit_code == ExitCode.SOME_FAILED
    assert len(backend.called("create")) == 4
    site.run(desired)
    record = site.store.record("a")
    assert record == Record("a", desired[0].fingerprint, site.tasks()["a"].task_id)


def test_what_the_service_refuses_waits_and_the_others_are_created(site: Site) -> None:
    """I8: the failed ones are exactly those that were refused."""
    refused = {"03", "11", "24"}

    def choose(method: str, about: tuple[str, ...]) -> Fault | None:
        return Fault(reject="invalid") if method == "create" and refused & set(about) else None

    desired = [by_url(f"{number:02}") for number in range(30)]
    run = site.run(desired, Faulty(site.project, choose, batch=1))
    failed = {name for name, result in run.results.items() if result != "applied"}
    assert failed == refused
    assert failed == {name for name, one in site.store.records().items() if one.failure}
    again = site.plan(desired)
    assert {one.name for one in again.actions} == refused
    assert again.effects == ()
    assert len(site.plan(desired, Rules(insist=True)).effects) == 3


@pytest.mark.parametrize("seed", range(6))
def test_runs_through_random_faults_end_where_a_quiet_run_ends(site: Site, seed: int) -> None:
    """I16, I1: whatever the network does, and never a name twice."""
    desired = [site.file(f"{number:02}", b"%d" % (number // 2)) for number in range(25)]
    site.run(desired[:15], Faulty(site.project, at_random(seed, 0.4), batch=4))
    edited = [by_url("03"), *desired[4:]]
    backend = Faulty(site.project, at_random(seed + 100, 0.4), batch=4)
    site.run(edited, backend, rules=pruning(max_delete=1.0))
    rules = Rules(Policy(prune=True, max_delete=1.0), insist=True)
    assert site.run(edited, rules=rules).exit_code == ExitCode.DONE
    assert site.stamps() == stamps(edited)
    assert site.plan(edited, rules).actions == ()


def test_a_thousand_changes_are_prepared_no_further_ahead_than_they_are_sent(site: Site) -> None:
    """Memory stays bounded: nothing is uploaded long before it is needed."""
    ahead: list[int] = []
    counts = {"upload": 0, "create": 0}
    lock = threading.Lock()

    def watch(method: str, about: tuple[str, ...]) -> None:
        with lock:
            counts[method] += len(about)
            ahead.append(counts["upload"] - counts["create"])

    desired = [site.file(f"{number:03}") for number in range(400)]
    site.run(desired, Faulty(site.project, watch=watch))
    assert len(site.tasks()) == 400
    assert max(ahead) <= 350


def test_intents_share_their_commits(site: Site) -> None:
    serials = []

    def watch(method: str, about: tuple[str, ...]) -> None:
        header = site.store.header()
        assert header is not None
        serials.append(header.serial)

    made = site.plan([by_url(f"{number:04}") for number in range(1000)])
    site.run(made, Faulty(site.project, watch=watch))
    header = site.store.header()
    assert header is not None
    assert header.serial <= 1000 // 50 + 5
    assert all(one <= two for one, two in pairwise(serials))
    assert all(isinstance(one, Create) for one in made.effects)
