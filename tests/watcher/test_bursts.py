"""The memory that a watch takes for files that come all at once, counted within this process.

The whole of a watch at the size of real life: ``tests/scenarios/test_watch_bursts.py``.
"""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

import rbsync.files.tree_hashing as trees
from rbsync.dataset import remembered
from rbsync.errors import ExitCode
from rbsync.model.outcome import Report
from rbsync.model.plan import Actions, Plan
from rbsync.sync import memo
from rbsync.sync.applying import ApplyOptions, apply_plan, plan_to_apply
from rbsync.sync.workspace import Workspace
from rbsync.watcher import looking
from rbsync.watcher.flushing import Flush
from rbsync.watcher.loop import Watch
from rbsync.watcher.supervision import Supervision
from rbsync.watcher.telling import Standing
from tests.scenarios.pictures import png
from tests.scenarios.project import Project
from tests.scenarios.watching import MANIFEST
from tests.watcher.test_loop import Quiet, watch_of

FEW, MANY = 100, 500
MOST_BYTES = 400
"""For each file, while a look plans: a row of its listing, and one of its datapoint, and its name.

An entry, a datapoint, an action and a record are objects of 400 to 700 bytes each.
"""


@pytest.fixture(autouse=True)
def bursts_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "MOST_IN_PARTS", 20)
    monkeypatch.setattr(memo, "MOST_OF_UNIT", 2)
    # What just changed may change again unseen, and is looked at again; here it counts as old.
    monkeypatch.setattr(trees, "RACY", -(10**9))


class Bursting(Quiet):
    """Has a tree renamed in after two looks, and ends the watch with the second look after that."""

    def __init__(self, project: Project, count: int) -> None:
        self.project, self.count = project, count
        self.watch: Watch | None = None
        self.looks = 0

    def look(self, standing: Standing, _: float) -> None:
        assert self.watch is not None
        self.watch.flush(Flush(None))
        # The second look knows the state that the first one made, and is remembered.
        if standing.looks == 2:
            for number in range(self.count):
                self.project.write(f"new/{number % 7}/{number}.png", png(number + 1))
            (self.project.folder / "new").rename(self.project.folder / "images/new")
        self.looks += standing.created > self.count
        if self.looks == 2:
            self.watch.end(ExitCode.DONE)


class Measured:
    """Plans, and knows the most memory that a plan took, and all that was to be applied."""

    def __init__(self) -> None:
        self.peak, self.applied = 0, list[Plan]()

    def plan(self, *given: Any) -> Plan:
        tracemalloc.start()
        try:
            made = plan_to_apply(*given)
            self.peak = max(self.peak, tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        return made

    def apply(self, workspace: Workspace, plan: Plan, options: ApplyOptions) -> Report:
        self.applied.append(plan)
        return apply_plan(workspace, plan, options)


def burst(folder: Path, count: int) -> Measured:
    """A watch that finds so many files at once."""
    measured = Measured()
    project = Project(folder)
    project.manifest(MANIFEST)
    project.write("images/0.png", png(0))
    teller = Bursting(project, count)
    teller.watch = watch_of(project, Supervision(), teller)
    with (
        mock.patch.object(looking, "plan_to_apply", measured.plan),
        mock.patch.object(looking, "apply_plan", measured.apply),
    ):
        assert teller.watch.run() == ExitCode.DONE
    assert len(project.names()) == count + 1
    return measured


def test_each_file_of_a_burst_takes_less_than_an_object(tmp_path: Path) -> None:
    # The first loads what watches need.
    _, few, many = (burst(tmp_path / str(count), count) for count in (30, FEW, MANY))
    # The first file, the burst, and nothing more.
    first, new, last = many.applied[0], *many.applied[-2:]
    assert (len(first.actions), len(new.actions), len(last.actions)) == (1, MANY, 0)
    # What is done of it is no object for each of them either.
    assert isinstance(new.actions, Actions)
    assert new.singled_out == ()
    assert (many.peak - few.peak) / (MANY - FEW) < MOST_BYTES
