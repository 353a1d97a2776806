"""The guard stops a plan that would do a lot of damage, and says which names and which flag."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbsync.errors import ExitCode, Problem, RefusedError
from rbsync.model.fingerprint import NO_LABELS, Fingerprint
from rbsync.model.plan import Policy, Update
from rbsync.planner import check_guard
from tests.builders import HERE, applied, datapoint, failed
from tests.planner.prose import make_plan

PRUNE = Policy(prune=True)
REPLACE = Policy(on_change="replace")


def points(number: int, content: str = "1"):
    return [datapoint(f"p{index:04}", content) for index in range(number)]


def deleting(number: int, of: int, policy: Policy = PRUNE, **more):
    everything = points(of)
    return make_plan(everything[number:], map(applied, everything), policy, **more)


def replacing(number: int, of: int, policy: Policy = REPLACE):
    everything = points(of)
    return make_plan([*points(number, "2"), *everything[number:]], map(applied, everything), policy)


@pytest.mark.parametrize("make", [deleting, replacing])
@pytest.mark.parametrize(
    ("number", "of", "allowed"),
    [
        (1, 1, True),
        (10, 10, True),
        (11, 11, False),
        (10, 1000, True),
        (50, 1000, True),
        (51, 1000, False),
        (10, 219, True),
        (11, 219, False),
        (11, 220, True),
    ],
)
def test_ten_or_five_percent_may_go_whichever_is_more(make, number, of, allowed) -> None:
    plan = make(number, of)
    assert plan.summary.delete + plan.summary.update == number
    if allowed:
        check_guard(plan, PRUNE)
    else:
        with pytest.raises(RefusedError):
            check_guard(plan, PRUNE)


def test_the_refusal_names_names_and_the_flag_word_for_word() -> None:
    with pytest.raises(RefusedError) as caught:
        check_guard(deleting(900, 2000), PRUNE)
    assert str(caught.value) == (
        "the plan would delete or replace 900 of 2,000 datapoints, and at most 100 are allowed "
        "in one run: p0000, p0001, p0002, p0003, p0004, p0005, p0006, p0007, p0008, p0009 and "
        "890 more"
    )
    assert caught.value.hint == "if that is what you want, pass --force or raise policy.max_delete"
    assert caught.value.exit_code is ExitCode.REFUSED


def test_deletes_and_replaces_count_together() -> None:
    everything = points(20)
    policy = Policy(prune=True, on_change="replace")
    plan = make_plan([*points(6, "2"), *everything[6:15]], map(applied, everything), policy)
    with pytest.raises(RefusedError, match=r"replace 11 of 20 .*: p0000, .* and 1 more"):
        check_guard(plan, policy)


def test_the_policy_sets_the_fraction() -> None:
    plan = deleting(20, 40)
    check_guard(plan, Policy(prune=True, max_delete=0.5))
    with pytest.raises(RefusedError, match="at most 19 are allowed"):
        check_guard(plan, Policy(prune=True, max_delete=0.499))


def test_creates_updates_and_what_is_blocked_are_no_damage() -> None:
    everything = points(100)
    check_guard(make_plan(everything), PRUNE)
    check_guard(make_plan(points(100, "2"), map(applied, everything)), PRUNE)
    unread = [Problem("unreadable", "a folder", HERE)]
    check_guard(make_plan([], map(applied, everything), PRUNE, unread=unread), PRUNE)


def test_records_of_failures_are_not_what_the_project_has() -> None:
    failures = [failed(datapoint(f"f{index}")) for index in range(1000)]
    everything = points(11)
    plan = make_plan([], [*map(applied, everything), *failures], PRUNE)
    with pytest.raises(RefusedError, match="11 of 11 datapoints, and at most 10 are allowed"):
        check_guard(plan, PRUNE)


EMPTY = Problem("empty-source", "no file matches `images/*.png`", HERE, "look")


def test_an_empty_source_stops_even_one_delete_word_for_word() -> None:
    with pytest.raises(RefusedError) as caught:
        check_guard(deleting(2, 100, warnings=[EMPTY]), PRUNE)
    assert str(caught.value) == (
        "rbsync.yaml:3:5: no file matches `images/*.png`, and the plan would delete 2 datapoints: "
        "p0000, p0001"
    )
    hint = "is a disk not mounted? If the source is empty on purpose, pass --force"
    assert caught.value.hint == hint


def test_an_empty_source_without_a_delete_stops_nothing() -> None:
    check_guard(make_plan([datapoint("a")], warnings=[EMPTY]), PRUNE)
    check_guard(replacing(1, 1), REPLACE)


def test_other_warnings_stop_nothing() -> None:
    check_guard(deleting(1, 1, warnings=[Problem("link", "a link", HERE)]), PRUNE)


@given(st.integers(0, 300), st.integers(0, 300), st.floats(0, 1))
def test_never_more_than_allowed_pass(number, rest, fraction) -> None:
    policy = Policy(prune=True, max_delete=fraction)
    plan = deleting(number, number + rest, policy)
    try:
        check_guard(plan, policy)
    except RefusedError:
        assert number > 10
        assert number > min(fraction, 0.5) * (number + rest) - 1
    else:
        assert number <= max(10, min(fraction, 0.5) * (number + rest))


def test_no_policy_lets_more_than_half_be_deleted() -> None:
    policy = Policy(prune=True, max_delete=1)
    check_guard(deleting(130, 260, policy), policy)
    with pytest.raises(RefusedError, match="and at most 130 are allowed") as caught:
        check_guard(deleting(131, 260, policy), policy)
    assert caught.value.hint == "if that is what you want, pass --force"


def test_a_manifest_that_declares_nothing_deletes_nothing() -> None:
    with pytest.raises(RefusedError, match="declares no datapoints at all, and the plan would"):
        check_guard(replace(deleting(1, 1), empty=True), PRUNE)


def bare(number: int, of: int, policy: Policy = PRUNE, **more):
    """Some of many datapoints lose their labels."""
    before = [datapoint(f"p{index:04}", labels="l1") for index in range(of)]
    after = [datapoint(one.name) for one in before[:number]]
    return make_plan([*after, *before[number:]], map(applied, before), policy, **more)


@pytest.mark.parametrize(("number", "of"), [(11, 11), (11, 219), (51, 1000)])
def test_labels_that_are_removed_count_as_datapoints_that_are_deleted(number, of) -> None:
    plan = bare(number, of)
    assert plan.summary.labels_removed == number
    with pytest.raises(RefusedError, match=f"remove all labels of {number} of {of:,} datapoints"):
        check_guard(plan, PRUNE)
    check_guard(bare(10, of), PRUNE)


def test_what_is_replaced_without_its_labels_counts_once() -> None:
    check_guard(bare(10, 10, REPLACE), REPLACE)
    with pytest.raises(RefusedError, match="delete or replace 11 of 11 datapoints,"):
        check_guard(bare(11, 11, REPLACE), REPLACE)


@pytest.mark.parametrize("nothing", sorted(NO_LABELS))
def test_a_list_with_nothing_in_it_is_no_labels(nothing) -> None:
    before, after = datapoint("a", labels="l1"), datapoint("a", labels=nothing)
    assert make_plan([after], [applied(before)]).labels_removed == ("a",)
    for other in NO_LABELS:
        plan = make_plan([after], [applied(datapoint("a", labels=other))])
        assert plan.labels_removed == ()


def overwriting(number: int, of: int):
    plan = make_plan(
        [datapoint(f"p{index:04}", labels="l2") for index in range(number)],
        [applied(datapoint(f"p{index:04}", labels="l1")) for index in range(of)],
    )
    over = Fingerprint("theirs", "theirs", "theirs")
    updates = (one for one in plan.actions if isinstance(one, Update))
    return replace(plan, actions=tuple(replace(one, over=over) for one in updates))


@pytest.mark.parametrize(("number", "of", "allowed"), [(50, 60, True), (51, 60, False)])
def test_the_work_of_many_is_not_overwritten_without_a_word(number, of, allowed) -> None:
    plan = overwriting(number, of)
    if allowed:
        check_guard(plan, PRUNE)
        return
    with pytest.raises(RefusedError, match=f"overwrite the labels of {number} of {of}"):
        check_guard(plan, PRUNE)


def test_a_plan_says_what_apply_comes_to() -> None:
    everything = points(3)
    fine = make_plan(points(3, "2"), map(applied, everything))
    assert fine.apply_exit_code == ExitCode.DONE
    protected = make_plan(points(3, "2"), map(applied, everything), Policy(on_change="protect"))
    assert protected.apply_exit_code == ExitCode.DONE
    unread = make_plan([], unread=[Problem("unreadable", "a folder", HERE)])
    assert unread.apply_exit_code == ExitCode.INCOMPLETE
    refused = replace(unread, refused=Problem("guard", "no"))
    assert refused.apply_exit_code == ExitCode.REFUSED
