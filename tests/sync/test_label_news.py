"""What changes in labels: by a plan, and by what runs did to one datapoint."""

from __future__ import annotations

from typing import Any

import pytest

from rbsync.label_changes.change_wording import told
from rbsync.sync.label_news import labels_of_action, labels_of_life, labels_of_plan
from rbsync.sync.plan_options import PlanOptions
from rbsync.sync.planning import make_plan
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.sync.conftest import MOVED_BOX, Open

MOVED = "1 box moved (car, 1 px)"
ADDED = "1 box added (car)"


@pytest.fixture
def labelled(folder: Project) -> Project:
    """The folder with a box in one picture, all of it applied."""
    folder.write("a.json", [BOX])
    assert folder.apply().code == 0
    return folder


def test_a_plan_tells_labels_that_are_rewritten_and_no_others(
    labelled: Project, opened: Open
) -> None:
    labelled.write("a.json", [MOVED_BOX])
    labelled.write("b.json", [BOX])
    labelled.write("c.png", png(77))
    labelled.write("d.png", png(78))
    labelled.write("d.json", [BOX])
    with opened() as workspace:
        plan = make_plan(workspace)
        assert {one.name for one in plan.actions} == {"a.png", "b.png", "c.png", "d.png"}
        found = labels_of_plan(workspace, plan)
        assert {name: told(one) for name, one in found.items()} == {"a.png": MOVED, "b.png": ADDED}
        assert list(labels_of_plan(workspace, plan, 1)) == ["a.png"]
        each = {one.name: labels_of_action(workspace, one) for one in plan.actions}
    assert each == {**found, "c.png": None, "d.png": None}


def test_a_plan_that_did_not_look_at_the_project_tells_nothing_of_it(
    labelled: Project, opened: Open
) -> None:
    labelled.write("a.json", [MOVED_BOX])
    with opened() as workspace:
        plan = make_plan(workspace, PlanOptions(offline=True))
        assert [one.name for one in plan.actions] == ["a.png"]
        assert labels_of_plan(workspace, plan) == {}


@pytest.mark.parametrize("later", [None, [BOX, MOVED_BOX]])
def test_labels_that_are_not_the_planned_ones_any_more_are_left_out(
    labelled: Project, opened: Open, later: list[Any] | None
) -> None:
    labelled.write("a.json", [MOVED_BOX])
    labelled.write("b.json", [BOX])
    with opened() as workspace:
        plan = make_plan(workspace)
        (labelled.folder / "a.json").unlink()
        if later:
            labelled.write("a.json", later)
        assert list(labels_of_plan(workspace, plan)) == ["b.png"]


def test_each_change_in_a_life_is_told_by_what_came_after_it(
    labelled: Project, opened: Open
) -> None:
    for labels in ([MOVED_BOX], [MOVED_BOX, BOX]):
        labelled.write("a.json", labels)
        assert labelled.apply().code == 0
    (labelled.folder / "a.png").unlink()
    assert labelled.apply("--prune", "--force").code == 0
    with opened() as workspace:
        life = workspace.history.life("a.png")
        found = labels_of_life(workspace, life)
    assert [one.verb for one in life] == ["delete", "update", "update", "create"]
    verbs = {at: sorted(one.verb for one in new.objects) for at, new in found.items()}
    assert verbs == {0: ["removed", "removed"], 1: ["added"], 2: ["changed"]}
