"""What holds of every plan, whatever is desired and recorded."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Literal

from hypothesis import assume, given
from hypothesis import strategies as st

from rbsync.documents.plan_document import plan_json
from rbsync.documents.text import dump
from rbsync.errors import Problem
from rbsync.model.datapoint import Datapoint, Dataset, Obstacle
from rbsync.model.plan import Blocked, Create, Delete, Move, Plan, Policy, Replace, Update
from rbsync.model.record import Record
from rbsync.planner import plan
from rbsync.planner.decide import Rules
from rbsync.reasons import FAILURE_KINDS
from tests.builders import BASIS, HERE, applied, datapoint, dataset, failed, pending

NAMES = st.sampled_from([*"abcdefgh", "ü", "B", "a b"])
PROBLEMS = st.lists(st.just(Problem("unreadable", "a folder", HERE)), max_size=1)
POLICIES = st.builds(
    Policy,
    prune=st.booleans(),
    max_delete=st.floats(0, 1),
    on_change=st.sampled_from(["update", "replace", "protect"]),
)
RULES = st.builds(Rules, POLICIES, insist=st.booleans())


# Each is made once for a name: to make them anew for every draw took nine tenths of these tests.
@cache
def datapoints(name: str) -> st.SearchStrategy[Datapoint]:
    contents = product("12", ["", "car", "bus"], [False, True])
    return st.sampled_from(
        [
            datapoint(name, one, labels=label, ground_truth=is_truth)
            for one, label, is_truth in contents
        ]
    )


@cache
def records(name: str) -> st.SearchStrategy[Record]:
    one = datapoints(name)
    before = st.none() | one
    return st.one_of(
        one.map(applied),
        st.builds(failed, one, st.sampled_from(FAILURE_KINDS), before=before),
        st.builds(pending, one, before=before),
        st.just(Record(name)),
    )


@cache
def some_of(names: tuple[str, ...]) -> st.SearchStrategy[set[str]]:
    return st.sets(st.sampled_from(names))


SETS_OF_NAMES = st.sets(NAMES)
WHY: list[Literal["invalid", "unknown"]] = ["invalid", "unknown"]
OBSTACLES = st.sampled_from(WHY)


@st.composite
def datasets(draw: st.DrawFn, *, complete: bool = False) -> Dataset:
    names = draw(SETS_OF_NAMES)
    blocked = draw(some_of(tuple(sorted(names)))) if names and not complete else set()
    return dataset(
        [draw(datapoints(name)) for name in names - blocked],
        obstacles=[
            Obstacle(name, draw(OBSTACLES), Problem("x", "y", HERE)) for name in sorted(blocked)
        ],
        unread=[] if complete else draw(PROBLEMS),
        warnings=draw(PROBLEMS),
    )


@st.composite
def states(draw: st.DrawFn) -> dict[str, Record]:
    return {name: draw(records(name)) for name in draw(SETS_OF_NAMES)}


def carry_out(made: Plan, state: dict[str, Record], failing: frozenset[str] = frozenset()):
    """The state after a run in which the names of `failing` failed and all else went well."""
    after = dict(state)
    for action in made.actions:
        match action:
            case Blocked():
                continue
            case Delete(name=name):
                if name not in failing and not failing:
                    del after[name]
            case Move(datapoint=one, old=old):
                if one.name not in failing:
                    del after[old]
                    after[one.name] = applied(one)
            case Create(datapoint=one) | Update(datapoint=one) | Replace(datapoint=one):
                if one.name not in failing:
                    after[one.name] = applied(one)
                    continue
                known = state.get(one.name, Record(one.name))
                failure = failed(one).failure
                after[one.name] = known._replace(failure=failure, attempted=one.fingerprint)
    for name in made.forgotten:
        del after[name]
    return after


@given(datasets(), states(), RULES)
def test_after_a_run_that_went_well_nothing_is_left_to_do(desired, state, rules) -> None:
    first = plan(desired, state, rules, BASIS)
    second = plan(desired, carry_out(first, state), rules, BASIS)
    assert second.effects == ()
    assert {one.name for one in second.actions} == {
        one.name for one in first.actions if isinstance(one, Blocked)
    }


@given(datasets(complete=True), states(), RULES)
def test_after_a_run_the_project_has_what_is_declared_but_what_is_blocked(
    desired, state, rules
) -> None:
    made = plan(desired, state, rules, BASIS)
    after = carry_out(made, state)
    blocked = {one.name for one in made.actions if isinstance(one, Blocked)}
    for one in desired.datapoints:
        if one.name not in blocked:
            assert after[one.name].applied == one.fingerprint
    if rules.policy.prune:
        assert set(after) - blocked == {one.name for one in desired.datapoints} - blocked


@given(datasets(complete=True), states(), RULES, st.data())
def test_after_failures_exactly_the_failed_names_are_planned_again(
    desired, state, rules, data
) -> None:
    first = plan(desired, state, rules, BASIS)
    names = [one.name for one in first.effects if not isinstance(one, Delete)]
    assume(names)
    failing = frozenset(data.draw(st.sets(st.sampled_from(names), min_size=1)))
    second = plan(desired, carry_out(first, state, failing), rules, BASIS)
    again = {one.name for one in second.effects if not isinstance(one, Delete)}
    assert again == failing
    assert all(one.reason == "retry" for one in second.effects if one.name in failing)
    assert [one for one in second.actions if isinstance(one, Delete)] == [
        one for one in first.actions if isinstance(one, Delete)
    ]


@given(datasets(), states(), RULES)
def test_nothing_is_deleted_without_prune(desired, state, rules) -> None:
    careful = replace(rules, policy=replace(rules.policy, prune=False))
    made = plan(desired, state, careful, BASIS)
    assert not [one for one in made.actions if isinstance(one, Delete)]


@given(datasets(), states(), RULES)
def test_sources_that_were_not_read_never_lead_to_deletes(desired, state, rules) -> None:
    unread = replace(desired, unread=(Problem("unreadable", "a folder", HERE),))
    made = plan(unread, state, rules, BASIS)
    assert not [one for one in made.actions if isinstance(one, Delete)]
    assert made.forgotten == ()


@given(datasets(), states(), RULES)
def test_what_is_declared_is_never_deleted(desired, state, rules) -> None:
    declared = {one.name for one in (*desired.datapoints, *desired.obstacles)}
    made = plan(desired, state, rules, BASIS)
    assert not [one for one in made.actions if isinstance(one, Delete) and one.name in declared]


@given(datasets(), states(), RULES)
def test_every_name_stands_once(desired, state, rules) -> None:
    made = plan(desired, state, rules, BASIS)
    named = [*(one.name for one in made.actions), *made.orphans, *made.forgotten]
    assert len(named) == len(set(named))
    everything = {one.name for one in (*desired.datapoints, *desired.obstacles)} | set(state)
    assert set(named) <= everything
    if not desired.unread:
        assert len(named) + made.unchanged == len(everything)


@given(datasets(), states(), RULES, st.randoms(use_true_random=False))
def test_the_order_of_what_is_given_does_not_matter(
    desired, state, rules, rng: random.Random
) -> None:
    points, obstacles, names = list(desired.datapoints), list(desired.obstacles), list(state)
    for one in (points, obstacles, names):
        rng.shuffle(one)
    shuffled = dataset(
        points, obstacles=obstacles, unread=desired.unread, warnings=desired.warnings
    )
    other = plan(shuffled, {name: state[name] for name in names}, rules, BASIS)
    assert other == plan(desired, state, rules, BASIS)


@given(datasets(), states(), RULES)
def test_equal_inputs_give_byte_identical_documents(desired, state, rules) -> None:
    texts = {dump(plan_json(plan(desired, dict(state), rules, BASIS), {})) for _ in range(2)}
    assert len(texts) == 1


@given(datasets(), states(), RULES)
def test_the_summary_counts_every_action_once(desired, state, rules) -> None:
    made = plan(desired, state, rules, BASIS)
    counts = made.summary
    assert counts.create + counts.update + counts.delete + counts.blocked == len(made.actions)
    assert counts.keep == made.unchanged >= 0
    assert len(made.effects) == len(made.actions) - counts.blocked
