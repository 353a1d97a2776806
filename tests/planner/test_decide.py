"""What becomes of a datapoint: the table of what is desired and what is recorded, row by row."""

from __future__ import annotations

from typing import get_args

import pytest

from rbsync.errors import Problem
from rbsync.model.datapoint import Obstacle
from rbsync.model.outcome import Failure
from rbsync.model.plan import Blocked
from rbsync.planner import decide, decide_orphan
from rbsync.planner.decide import Rules
from rbsync.reasons import TAKE_IN, FailureKind
from tests.builders import HERE, applied, datapoint, failed, pending
from tests.planner.prose import PROTECT, PRUNE, REPLACE, make_plan, planned

UNREAD = [Problem("unreadable", "the folder `images` cannot be read: Input/output error", HERE)]


def test_what_the_project_lacks_is_created() -> None:
    assert planned([datapoint("a")]) == ["create a (new)"]


def test_what_the_project_has_as_declared_is_only_counted() -> None:
    a = datapoint("a", labels="car")
    made = make_plan([a], [applied(a)])
    assert (made.actions, made.unchanged) == ((), 1)


def test_what_is_kept_has_its_reason_too() -> None:
    a = datapoint("a")
    kept = decide(a, applied(a), Rules())
    assert (kept.reason, kept.message) == ("unchanged", "the project has it as declared")


@pytest.mark.parametrize(
    ("now", "line"),
    [
        (datapoint("a", "2"), "update items of a (changed)"),
        (datapoint("a", labels="car"), "update labels of a (changed)"),
        (datapoint("a", ground_truth=True), "update settings of a (changed)"),
        (datapoint("a", "2", labels="car"), "update items, labels of a (changed)"),
        (
            datapoint("a", "2", labels="car", ground_truth=True),
            "update items, labels, settings of a (changed)",
        ),
    ],
)
def test_a_facet_that_differs_is_updated(now, line) -> None:
    assert planned([now], [applied(datapoint("a"))]) == [line]


def test_an_update_names_the_task_that_it_changes() -> None:
    (update,) = make_plan([datapoint("a", "2")], [applied(datapoint("a"))]).actions
    assert (update.task_id, update.message) == ("task-a", "changed: items")


def test_the_policy_replace_creates_anew_what_changed() -> None:
    made = make_plan([datapoint("a", "2")], [applied(datapoint("a"))], REPLACE)
    (action,) = made.actions
    assert planned([datapoint("a", "2")], [applied(datapoint("a"))], REPLACE) == [
        "replace items of a (changed)"
    ]
    assert (action.task_id, action.message) == ("task-a", "changed: items; created anew")


def test_the_policy_protect_blocks_what_changed_and_still_creates() -> None:
    desired = [datapoint("a", "2"), datapoint("b")]
    made = make_plan(desired, [applied(datapoint("a"))], PROTECT)
    assert planned(desired, [applied(datapoint("a"))], PROTECT) == [
        "create b (new)",
        "blocked a (protected)",
    ]
    assert made.actions[1].message == "changed: items; the policy protects what exists"


def test_a_facet_that_the_backend_cannot_change_blocks_the_update() -> None:
    desired = [datapoint("a", "2", labels="car")]
    made = make_plan(desired, [applied(datapoint("a"))], updates=["labels"])
    assert planned(desired, [applied(datapoint("a"))], updates=["labels"]) == [
        "blocked a (not-updatable)"
    ]
    message = "changed: items, labels; the backend cannot change items in place"
    assert made.actions[0].message == message
    assert planned([datapoint("a", labels="x")], [applied(datapoint("a"))], updates=["labels"]) == [
        "update labels of a (changed)"
    ]


@pytest.mark.parametrize("operation", ["create", "update", "delete"])
def test_what_has_an_intent_without_a_result_is_blocked_until_it_is_settled(operation) -> None:
    before = None if operation == "create" else datapoint("a")
    record = pending(datapoint("a", "2"), before=before, operation=operation)
    for wanted in (datapoint("a"), datapoint("a", "2"), datapoint("a", "3")):
        assert planned([wanted], [record], PRUNE) == ["blocked a (unsettled)"]
    assert planned([], [record], PRUNE) == ["blocked a (unsettled)"]


def test_what_the_service_is_taking_in_says_so() -> None:
    record = pending(datapoint("a"))._replace(failure=Failure("ambiguous", TAKE_IN, "it is slow"))
    action = decide(datapoint("a"), record, Rules())
    assert action == Blocked("a", "accepted", "it is slow")


@pytest.mark.parametrize("kind", sorted(set(get_args(FailureKind)) - {"invalid"}))
def test_what_failed_is_planned_again_with_its_error_as_the_reason(kind) -> None:
    a = datapoint("a")
    (action,) = make_plan([a], [failed(a, kind)]).actions
    assert planned([a], [failed(a, kind)]) == ["create a (retry)"]
    assert action.message == f"it failed before ({kind}, upload): the disk is full"


def test_an_update_that_failed_is_planned_again() -> None:
    now, before = datapoint("a", "2"), datapoint("a")
    assert planned([now], [failed(now, before=before)]) == ["update items of a (retry)"]
    assert planned([before], [failed(now, before=before)]) == []


def test_what_was_refused_waits_until_its_content_changes() -> None:
    a = datapoint("a")
    (action,) = make_plan([a], [failed(a, "invalid")]).actions
    assert planned([a], [failed(a, "invalid")]) == ["blocked a (refused)"]
    message = "it was refused (the disk is full) and waits until its content changes"
    assert action.message == message
    assert planned([datapoint("a", "2")], [failed(a, "invalid")]) == ["create a (retry)"]


def test_an_update_that_was_refused_waits_too() -> None:
    before, refused, other = datapoint("a"), datapoint("a", "2"), datapoint("a", "3")
    record = failed(refused, "invalid", before=before)
    assert planned([refused], [record]) == ["blocked a (refused)"]
    assert planned([other], [record]) == ["update items of a (retry)"]


def test_who_insists_plans_again_what_was_refused() -> None:
    a = datapoint("a")
    assert planned([a], [failed(a, "invalid")], insist=True) == ["create a (retry)"]


def test_what_nobody_declares_any_more_is_listed_and_left_alone() -> None:
    made = make_plan([], [applied(datapoint("a"))])
    assert (made.actions, made.orphans) == ((), ("a",))


def test_what_nobody_declares_any_more_is_deleted_by_who_prunes() -> None:
    made = make_plan([], [applied(datapoint("a"))], PRUNE)
    assert planned([], [applied(datapoint("a"))], PRUNE) == ["delete a (orphan)"]
    assert made.actions[0].message == "the manifest does not declare it"
    assert made.actions[0].task_id == "task-a"
    assert made.orphans == ()


def test_a_failed_update_of_what_nobody_declares_any_more_does_not_save_it() -> None:
    record = failed(datapoint("a", "2"), before=datapoint("a"))
    assert planned([], [record], PRUNE) == ["delete a (orphan)"]


def test_a_failure_that_nobody_declares_any_more_is_forgotten() -> None:
    made = make_plan([], [failed(datapoint("a"))], PRUNE)
    assert (made.actions, made.forgotten, made.orphans) == ((), ("a",), ())


def test_unknown_is_not_absent() -> None:
    records = [applied(datapoint("a")), failed(datapoint("b"))]
    made = make_plan([], records, PRUNE, unread=UNREAD)
    assert planned([], records, PRUNE, unread=UNREAD) == ["blocked a (unknown)"]
    message = "a source could not be read to its end, so it may still be declared there"
    assert made.actions[0].message == message
    assert made.forgotten == ()
    assert made.is_incomplete


def test_without_prune_a_source_that_was_not_read_blocks_nothing_else() -> None:
    made = make_plan([datapoint("b")], [applied(datapoint("a"))], unread=UNREAD)
    assert (made.orphans, made.summary.create, made.summary.blocked) == (("a",), 1, 0)


@pytest.mark.parametrize("reason", ["invalid", "unknown"])
def test_an_obstacle_blocks_its_datapoint_whatever_is_recorded(reason) -> None:
    problem = Problem("unreadable", "`a.png` cannot be read: Permission denied", HERE, "look")
    obstacle = Obstacle("a", reason, problem)
    for recorded in ([], [applied(datapoint("a"))], [pending(datapoint("a"))]):
        made = make_plan([], recorded, PRUNE, obstacles=[obstacle])
        assert planned([], recorded, PRUNE, obstacles=[obstacle]) == [f"blocked a ({reason})"]
        assert made.actions[0].message == f"{HERE}: {problem.message}; look"
        assert (made.datapoints, made.unchanged, made.orphans) == (1, 0, ())
        assert made.is_incomplete == (reason == "unknown")


def test_creates_come_first_then_updates_then_deletes_then_what_is_blocked_each_by_name() -> None:
    desired = [datapoint(name) for name in ("z", "y", "b")] + [datapoint("k", "2")]
    desired += [datapoint("c", "2"), datapoint("m")]
    recorded = [applied(datapoint(name)) for name in ("k", "c", "x", "a")]
    recorded += [pending(datapoint("m"))]
    assert planned(desired, recorded, PRUNE) == [
        "create b (new)",
        "create y (new)",
        "create z (new)",
        "update items of c (changed)",
        "update items of k (changed)",
        "delete a (orphan)",
        "delete x (orphan)",
        "blocked m (unsettled)",
    ]


def test_an_orphan_is_decided_alone_too() -> None:
    record = applied(datapoint("a"))
    assert decide_orphan(record, Rules(), unread=False) is None
    assert decide_orphan(record, Rules(PRUNE), unread=False).reason == "orphan"
    assert decide_orphan(record, Rules(PRUNE), unread=True).reason == "unknown"


def test_a_record_that_says_nothing_is_as_none() -> None:
    empty = applied(datapoint("a"))._replace(applied=None)
    (action,) = make_plan([datapoint("a")], [empty]).actions
    assert (action.reason, action.message) == ("new", "the project does not have it")
