"""What a plan says of itself: its counts, its effects, whether anything is unknown."""

from __future__ import annotations

from rbsync.errors import Problem
from rbsync.model.plan import Blocked, Create, Delete, Plan, Replace, Summary, Update
from tests.builders import BASIS, datapoint

BIG = datapoint("big", size=1000)
ACTIONS = (
    Create(datapoint("a", size=1), "new", ""),
    Create(datapoint("b", size=20), "new", ""),
    Update(BIG, ("labels", "settings"), "t", "changed", ""),
    Update(datapoint("d", size=300), ("items",), "t", "changed", ""),
    Replace(datapoint("e", size=4000), ("labels",), "t", "changed", ""),
    Delete("f", "t", "orphan", ""),
    Blocked("g", "invalid", ""),
)


def plan_of(*actions, **more) -> Plan:
    return Plan(actions, 7, "xxh3:d", 9, BASIS, **more)


def test_the_summary_counts_actions_and_the_bytes_that_would_be_sent() -> None:
    summary = plan_of(*ACTIONS).summary
    assert summary == Summary(create=2, update=3, delete=1, blocked=1, keep=7, bytes=4321)


def test_an_update_of_labels_alone_sends_no_items() -> None:
    assert plan_of(ACTIONS[2]).summary.bytes == 0


def test_effects_are_all_but_what_is_blocked_in_their_order() -> None:
    assert plan_of(*ACTIONS).effects == ACTIONS[:-1]


def test_every_action_has_a_name() -> None:
    assert [one.name for one in ACTIONS] == ["a", "b", "big", "d", "e", "f", "g"]


def test_a_plan_is_incomplete_when_something_could_not_be_known() -> None:
    assert not plan_of(*ACTIONS).is_incomplete
    assert plan_of(Blocked("a", "unknown", "")).is_incomplete
    assert plan_of(Blocked("a", "unsettled", "")).is_incomplete
    assert plan_of(unread=(Problem("unreadable", "a folder"),)).is_incomplete
