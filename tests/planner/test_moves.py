"""Moves: what is gone under one name and new under another is told apart from what is new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hypothesis import given

from rbsync.errors import Location, Problem
from rbsync.model.datapoint import Datapoint, Dataset, Item, Settings
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.plan import Basis, Blocked, Create, Delete, Move, Plan, Policy, Update, names_of
from rbsync.model.record import Declined, Record
from rbsync.planner import plan, with_moves
from rbsync.planner.decide import Rules
from rbsync.planner.moves import MoveSight, Moving, with_sights
from rbsync.reasons import KEPT, MOVED, UNDONE, UNKNOWN
from tests.planner.test_plan_properties import RULES, carry_out, datasets, states

BASIS = Basis("lineage", 1, "manifest")


def declared(name: str, content: str, labels: str = "") -> Datapoint:
    fingerprint = Fingerprint(content, labels, "s")
    return Datapoint(name, (Item(name, content, 1),), None, Settings(), fingerprint, Location("m"))


def recorded(name: str, content: str, labels: str = "") -> Record:
    return Record(name, Fingerprint(content, labels, "s"), f"task of {name}")


def planned(
    datapoints: Iterable[Datapoint],
    records: Iterable[Record],
    rules: Moving | None = None,
    *,
    prune: bool = False,
    unread: tuple[Problem, ...] = (),
) -> Plan:
    dataset = Dataset(tuple(sorted(datapoints, key=lambda one: one.name)), unread=unread)
    known: Mapping[str, Record] = {one.name: one for one in records}
    made = plan(dataset, known, Rules(Policy(prune=prune)), BASIS)
    return with_moves(made, dataset, known, rules or Moving())


def pairs(made: Plan) -> dict[str, str]:
    return {one.old: one.name for one in made.moves}


def test_a_folder_that_was_renamed_is_moves_and_nothing_is_created_or_an_orphan() -> None:
    made = planned(
        [declared(f"b/{n}", str(n)) for n in range(5)],
        [recorded(f"a/{n}", str(n)) for n in range(5)],
    )
    assert pairs(made) == {f"a/{n}": f"b/{n}" for n in range(5)}
    assert made.actions == made.moves
    assert made.orphans == ()
    assert made.summary.move == 5
    assert {one.reason for one in made.moves} == {MOVED}


def test_a_move_takes_the_place_of_a_delete_too() -> None:
    made = planned([declared("b", "1")], [recorded("a", "1"), recorded("c", "2")], prune=True)
    assert [type(one) for one in made.actions] == [Move, Delete]
    assert made.actions[1].name == "c"


def test_what_is_still_declared_is_no_move_but_a_copy() -> None:
    made = planned([declared("a", "1"), declared("b", "1")], [recorded("a", "1")])
    assert [type(one) for one in made.actions] == [Create]


def test_copies_of_one_picture_are_told_apart_by_the_ends_of_their_names() -> None:
    made = planned(
        [declared("new/y", "1"), declared("new/x", "1")],
        [recorded("old/x", "1"), recorded("old/y", "1")],
    )
    assert pairs(made) == {"old/x": "new/x", "old/y": "new/y"}


def test_copies_of_other_names_are_told_apart_by_their_labels() -> None:
    made = planned(
        [declared("p", "1", "car"), declared("q", "1", "bus")],
        [recorded("x", "1", "bus"), recorded("y", "1", "car")],
    )
    assert pairs(made) == {"x": "q", "y": "p"}


def test_labels_that_are_declared_otherwise_too_are_changed_after_the_move() -> None:
    made = planned([declared("b", "1", "new")], [recorded("a", "1", "old")])
    (move,) = made.moves
    assert move.changed == ("labels",)
    update = move.update("another task")
    assert isinstance(update, Update)
    assert (update.name, update.changed, update.task_id) == ("b", ("labels",), "another task")


def test_a_declared_move_needs_no_equal_content() -> None:
    rules = Moving(new_name=lambda name: name.replace("a/", "b/"))
    made = planned([declared("b/1", "edited")], [recorded("a/1", "1")], rules)
    (move,) = made.moves
    assert move.changed == ("items",)


def test_keep_leaves_the_old_name_and_says_so_without_failing() -> None:
    made = planned([declared("b", "1")], [recorded("a", "1")], Moving("keep"), prune=True)
    (kept,) = made.actions
    assert isinstance(kept, Blocked)
    assert (kept.name, kept.reason) == ("b", KEPT)
    assert "kept as a" in kept.message
    assert made.apply_exit_code == 0


def test_recreate_is_as_if_there_were_no_moves() -> None:
    made = planned([declared("b", "1")], [recorded("a", "1")], Moving("recreate"))
    assert [type(one) for one in made.actions] == [Create]
    assert made.orphans == ("a",)


def test_while_a_source_is_unread_what_may_be_a_move_is_not_created() -> None:
    unread = (Problem("unread", "a folder could not be read"),)
    made = planned([declared("b", "1")], [recorded("a", "1")], unread=unread)
    (blocked,) = made.actions
    assert isinstance(blocked, Blocked)
    assert blocked.reason == UNKNOWN


def test_what_was_taken_back_is_not_moved_again() -> None:
    new = declared("b", "1")
    tombstone = Record("b", declined=(Declined(UNDONE, new.fingerprint),))
    made = planned([new], [recorded("a", "1"), tombstone])
    assert made.moves == ()


def test_a_move_that_was_cut_off_is_gone_on_with() -> None:
    half = recorded("b", "1")._replace(old_name="a")
    made = planned([declared("b", "1")], [recorded("a", "1"), half], Moving("keep"))
    assert pairs(made) == {"a": "b"}
    assert made.unchanged == 0


def test_only_what_the_plan_is_about_is_moved() -> None:
    rules = Moving(covers=lambda name: name == "c")
    half = recorded("b", "1")._replace(old_name="a")
    made = planned([declared("b", "1")], [recorded("a", "1"), half], rules)
    assert made.moves == ()


def looked_at(
    sight: MoveSight | None, ours: str = "", *, in_place: bool = False, labels: str = "l"
) -> Plan:
    made = planned([declared("b", "1", labels)], [recorded("a", "1", "l")])
    return with_sights(made, {"b": sight}, lambda name: name == ours, in_place=in_place)


def test_what_people_have_worked_on_keeps_its_name_unless_it_is_ours() -> None:
    sight = MoveSight("somebody drew", ("labels",))
    (kept,) = looked_at(sight).actions
    assert isinstance(kept, Blocked)
    assert kept.reason == KEPT
    assert "somebody drew" in kept.message
    for name in ("a", "b"):
        (move,) = looked_at(sight, name).moves
        assert move.over


def test_ours_is_decided_also_for_what_people_save_after_the_look() -> None:
    assert [one.over for one in looked_at(MoveSight(), "b").moves] == [True]
    assert [one.over for one in looked_at(MoveSight()).moves] == [False]


def test_a_project_that_renames_loses_nothing_and_so_asks_nobody() -> None:
    (move,) = looked_at(MoveSight("somebody drew", ("labels",)), in_place=True).moves
    assert not move.over


def test_labels_changed_on_both_sides_are_not_overwritten_by_a_move() -> None:
    sight = MoveSight("somebody drew", ("labels",))
    (move,) = looked_at(sight, in_place=True, labels="other").moves
    assert move.changed == ()


def test_what_another_clone_has_moved_already_is_recognised() -> None:
    gone = looked_at(None)
    assert [type(one) for one in gone.actions] == [Create]
    assert gone.forgotten == ("a",)
    done = looked_at(MoveSight(is_done=True), in_place=True)
    assert done.actions == ()
    assert [one.name for one in done.taken] == ["b"]
    assert done.forgotten == ("a",)


@given(datasets(), states(), RULES)
def test_after_a_run_with_moves_nothing_is_left_to_do(desired, state, rules) -> None:
    first = with_moves(plan(desired, state, rules, BASIS), desired, state, Moving())
    after = carry_out(first, state)
    second = with_moves(plan(desired, after, rules, BASIS), desired, after, Moving())
    assert second.effects == ()
    # Every name once, the old ones of moves too.
    named = list(names_of(first.actions))
    assert len(named) == len(set(named))
