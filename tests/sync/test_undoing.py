"""Which runs an undo takes back, and what it plans."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rbsync.errors import RbsyncError, UsageError
from rbsync.model.history import Run
from rbsync.sync.applying import ApplyOptions, apply_plan
from rbsync.sync.planning import make_plan
from rbsync.sync.undoing import UndoOptions, choose, make_undo, time_of
from tests.scenarios.pictures import png
from tests.scenarios.project import Project
from tests.sync.conftest import Open

FIRST = Run("a1", "apply", 100.0, ended=101.0, exit_code=0)
SECOND = Run("a2", "apply", 200.0, ended=201.0, exit_code=0)
CUT_OFF = Run("u1", "undo", 300.0, undoes=("a2",))
ENDED = Run("u2", "undo", 400.0, undoes=("a2",), ended=401.0, exit_code=0)


def chosen(runs: list[Run], run: str = "", since: str = "") -> tuple[list[str], bool]:
    newest_first = sorted(runs, key=lambda one: -one.started)
    found, continues = choose(newest_first, UndoOptions(run, since), now=1000.0)
    return [one.id for one in found], continues


def test_without_a_word_it_is_the_last_run() -> None:
    assert chosen([FIRST, SECOND]) == (["a2"], False)


def test_an_undo_that_did_not_end_goes_on() -> None:
    assert chosen([FIRST, SECOND, CUT_OFF]) == (["a2"], True)
    failed = replace(CUT_OFF, ended=301.0, exit_code=3)
    assert chosen([FIRST, SECOND, failed]) == (["a2"], True)


def test_an_undo_in_several_runs_is_taken_back_as_one() -> None:
    assert chosen([FIRST, SECOND, CUT_OFF, ENDED]) == (["u2", "u1"], False)


def test_a_run_is_named_by_the_beginning_of_its_id() -> None:
    assert chosen([FIRST, SECOND], run="a1") == (["a1"], False)
    with pytest.raises(RbsyncError, match="2 runs `a`"):
        chosen([FIRST, SECOND], run="a")
    with pytest.raises(RbsyncError, match="no run `b`"):
        chosen([FIRST, SECOND], run="b")
    with pytest.raises(RbsyncError, match="no run yet"):
        chosen([])


def test_all_runs_since_a_time() -> None:
    assert chosen([FIRST, SECOND, ENDED], since="800s") == (["u2", "a2"], False)
    with pytest.raises(RbsyncError, match="no run began since 1s"):
        chosen([FIRST, SECOND], since="1s")
    with pytest.raises(UsageError):
        chosen([FIRST], since="1s", run="a1")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 1000.0 - 90),
        ("2h", 1000.0 - 7200),
        ("3d", 1000.0 - 3 * 86400),
        ("1970-01-01T00:01:00Z", 60.0),
        ("1970-01-01T01:01:00+01:00", 60.0),
        ("1970-01-02", 86400.0),
    ],
)
def test_a_time_is_some_time_ago_or_a_date(text: str, seconds: float) -> None:
    assert time_of(text, 1000.0) == seconds


def test_what_is_no_time_is_told_with_examples() -> None:
    with pytest.raises(UsageError, match="`soon` is no time") as caught:
        time_of("soon", 0.0)
    assert "2h" in caught.value.hint


def test_the_plan_says_what_is_taken_back(folder: Project, applied: Open) -> None:
    folder.write("a.png", png(9))
    with applied() as workspace:
        apply_plan(workspace, make_plan(workspace), ApplyOptions())
        undo = make_undo(workspace, UndoOptions())
        assert [(one.name, one.reason, one.message) for one in undo.plan.actions] == [
            ("a.png", "undone", "taken back: items")
        ]
        assert make_undo(workspace, UndoOptions(names=("b.*",))).plan.actions == ()
        every = make_undo(workspace, UndoOptions(since="1d")).plan
        assert [(type(one).__name__, one.name) for one in every.actions] == [
            ("Delete", "a.png"),
            ("Delete", "b.png"),
            ("Delete", "c.png"),
        ]


def test_what_a_later_run_changed_is_a_conflict(folder: Project, applied: Open) -> None:
    for content in (7, 8):
        folder.write("a.png", png(content))
        with applied() as workspace:
            apply_plan(workspace, make_plan(workspace), ApplyOptions())
    with applied() as workspace:
        middle = workspace.history.runs()[1].id
        (action,) = make_undo(workspace, UndoOptions(run=middle)).plan.actions
    assert (action.reason, "a later run" in action.message) == ("conflict", True)
