"""A run is in the history from its begin to its end."""

from __future__ import annotations

import time
from dataclasses import replace

from rbsync.applier.keeping import NoHistory
from rbsync.errors import ExitCode
from rbsync.model.outcome import Outcome, Report
from rbsync.model.plan import Plan
from rbsync.sync.planning import make_plan
from rbsync.sync.recording import recorded
from rbsync.sync.workspace import NO_HISTORY, Workspace
from tests.builders import OWNER as OTHER
from tests.sync.conftest import Open

OWNER = replace(OTHER, since=time.time())
DONE = Report((Outcome("a.png", "create", "applied", "t"),), ExitCode.DONE)


def runs(workspace: Workspace) -> list[tuple[str, int | None, int | None]]:
    """The runs that the history has: the command, and what came of it."""
    return [(one.command, one.created, one.exit_code) for one in workspace.history.runs()]


def record(workspace: Workspace, plan: Plan, report: Report | None) -> None:
    with recorded(workspace, plan, OWNER, "apply", ()) as recording:
        recording.report = report


def test_a_run_that_ended_has_its_counts(opened: Open) -> None:
    with opened() as workspace:
        record(workspace, make_plan(workspace), DONE)
        assert runs(workspace) == [("apply", 1, 0)]


def test_what_is_older_than_the_policy_keeps_is_swept(opened: Open) -> None:
    with opened() as workspace:
        old = replace(OTHER, since=1.0)
        with recorded(workspace, make_plan(workspace), old, "apply", ()) as recording:
            recording.report = DONE
        assert runs(workspace) == []


def test_one_that_raised_is_left_without_an_end(opened: Open) -> None:
    with opened() as workspace:
        plan = make_plan(workspace)
        run_it = recorded(workspace, plan, OWNER, "apply", ())
        run_it.__enter__().report = DONE
        assert not run_it.__exit__(ZeroDivisionError, ZeroDivisionError(), None)
        (run,) = workspace.history.runs()
    assert not run.ended


def test_nothing_is_written_down_of_a_plan_without_effects_or_where_none_is_wanted(
    opened: Open,
) -> None:
    with opened() as workspace:
        plan = make_plan(workspace)
        record(workspace, replace(plan, actions=()), DONE)
        without = replace(workspace, history_at=NO_HISTORY)
        with recorded(without, plan, OWNER, "apply", ()) as recording:
            assert isinstance(recording.keeping, NoHistory)
        assert runs(workspace) == []
