"""Plans are run under the guard and against the state that they were made for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from unittest import mock

import pytest

from rbsync.applier.journal import Journal
from rbsync.applier.keeping import HistoryKeeper
from rbsync.backends.base import TaskContent
from rbsync.errors import ExitCode, RefusedError, StaleError
from rbsync.sync import inspecting
from rbsync.sync.applying import ApplyOptions, apply_plan, guard, whoami
from rbsync.sync.plan_options import PlanOptions
from rbsync.sync.planning import make_plan
from tests.scenarios.pictures import png
from tests.scenarios.project import Project
from tests.sync.conftest import MANIFEST, Open


def test_a_plan_is_applied_and_then_there_is_nothing_to_do(opened: Open) -> None:
    with opened() as workspace:
        report = apply_plan(workspace, make_plan(workspace), ApplyOptions())
        assert [one.result for one in report.outcomes] == ["applied"] * 3
        assert make_plan(workspace).actions == ()
        again = apply_plan(workspace, make_plan(workspace), ApplyOptions())
    assert (again.outcomes, again.exit_code) == ((), ExitCode.DONE)


def test_each_outcome_is_told_once_it_is_durable(opened: Open) -> None:
    with opened() as workspace:
        told = []

        def done(outcome: object) -> None:
            told.append((outcome, len(workspace.store.records())))

        report = apply_plan(workspace, make_plan(workspace), ApplyOptions(done=done))
    assert [one for one, _ in told] == list(report.outcomes)
    assert all(count >= 1 for _, count in told)


@pytest.mark.parametrize("change", ["written", "renamed"])
def test_a_run_lets_go_of_what_was_there_before_it(
    folder: Project, applied: Open, change: str
) -> None:
    for name in "abc":
        if change == "renamed":
            (folder.folder / f"{name}.png").rename(folder.folder / f"{name}{name}.png")
        else:
            folder.write(f"{name}.png", png(200 + ord(name)))
    kept: list[Any] = []

    def made(kind: type) -> Any:
        def make(*given: Any) -> Any:
            kept.append(kind(*given))
            return kept[-1]

        return make

    with (
        applied() as workspace,
        mock.patch("rbsync.sync.recording.HistoryKeeper", made(HistoryKeeper)),
        mock.patch("rbsync.applier.run.Journal", made(Journal)),
    ):
        report = apply_plan(workspace, make_plan(workspace), ApplyOptions())
    verb = "move" if change == "renamed" else "update"
    assert [one.action for one in report.outcomes] == [verb] * 3
    keeper, journal = kept
    # Of 50,000 moves it would be 200 MB.
    assert (keeper._taken, journal._before) == ({}, {})


@pytest.mark.parametrize("change", ["written", "renamed", "deleted"])
def test_a_project_at_hand_is_looked_at_portion_by_portion(
    folder: Project, applied: Open, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    monkeypatch.setattr(inspecting, "LOOKED_AT_ONCE", 2)
    for name in "abc":
        file = folder.folder / f"{name}.png"
        if change == "written":
            file.write_bytes(png(200 + ord(name)))
        elif change == "renamed":
            file.rename(folder.folder / f"{name}{name}.png")
        else:
            file.unlink()
    folder.write("d.png", png(300))
    asked: list[int] = []
    with applied() as workspace:
        look = workspace.backend.look

        def counted(task_ids: Sequence[str]) -> dict[str, TaskContent]:
            asked.append(len(task_ids))
            return look(task_ids)

        monkeypatch.setattr(workspace.backend, "look", counted)
        made = make_plan(workspace, PlanOptions(prune=True))
    assert asked == [2, 1]
    assert len(made.actions) == 4


def test_the_guard_stops_a_plan_that_deletes_too_much(folder: Project, applied: Open) -> None:
    folder.manifest(MANIFEST + "policy: {max_delete: 0%}\n")
    for number in range(20):
        folder.write(f"{number}.png", png(100 + number))
    with applied() as workspace:
        apply_plan(workspace, make_plan(workspace), ApplyOptions())
    for name in range(12):
        (folder.folder / f"{name}.png").unlink()
    options = ApplyOptions(planning=PlanOptions(prune=True))
    with applied() as workspace:
        plan = make_plan(workspace, options.planning)
        with pytest.raises(RefusedError):
            guard(workspace, plan, options)
        with pytest.raises(RefusedError):
            apply_plan(workspace, plan, options)
        assert len(workspace.store.records()) == 23
        forced = ApplyOptions(planning=options.planning, force=True)
        assert apply_plan(workspace, plan, forced).count("removed") == 12


def test_a_plan_of_another_manifest_is_stale(folder: Project, opened: Open) -> None:
    with opened() as workspace:
        plan = make_plan(workspace)
    folder.manifest(MANIFEST + "defaults: {priority: 0.5}\n")
    with opened() as workspace, pytest.raises(StaleError, match="manifest has changed"):
        apply_plan(workspace, plan, ApplyOptions())


def test_a_plan_of_an_older_state_is_stale(folder: Project, applied: Open) -> None:
    folder.write("d.png", png(9))
    with applied() as workspace:
        plan = make_plan(workspace)
        with workspace.store.writer(whoami(), timeout=5) as writer:
            writer.commit(removed=["a.png"])
        with pytest.raises(StaleError):
            apply_plan(workspace, plan, ApplyOptions(renewal="unsettled"))
