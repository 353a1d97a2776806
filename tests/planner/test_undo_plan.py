"""What a run changed is taken back, and nothing that others did."""

from __future__ import annotations

from rbsync.model.fingerprint import Fingerprint
from rbsync.model.history import Change, Run
from rbsync.planner.undo_plan import reversals, undoing_runs

LEFT = Fingerprint("items", "labels", "settings")
THEIRS = LEFT._replace(labels="theirs")


def test_a_decision_for_theirs_alone_has_nothing_to_take_back() -> None:
    decided = Change("run", "a", "update", (), LEFT, THEIRS, "before")
    assert reversals([decided], []) == []


def test_of_an_update_beside_a_decision_for_theirs_only_the_update_is_taken_back() -> None:
    changed = THEIRS._replace(settings="new")
    (one,) = reversals([Change("run", "a", "update", ("settings",), LEFT, changed, "before")], [])
    assert (one.was, one.now) == (THEIRS, changed)
    assert [(made.facets, made.fingerprint) for made in one.declined] == [(("settings",), changed)]


def test_who_took_back_whom_is_told_by_their_order_and_by_no_clock() -> None:
    first, undo = Run("a", "apply", 900.0), Run("b", "undo", 800.0, undoes=("a",))
    again = Run("c", "undo", 100.0, undoes=("b",))
    assert undoing_runs([again, undo, first]) == {"b"}


def test_two_updates_of_other_facets_are_taken_back_together() -> None:
    middle = LEFT._replace(items="new")
    last = middle._replace(settings="new")
    newest_first = [
        Change("run", "a", "update", ("settings",), middle, last, "two"),
        Change("run", "a", "update", ("items",), LEFT, middle, "one"),
    ]
    (one,) = reversals(newest_first, [])
    assert (one.was, one.now) == (LEFT, last)
