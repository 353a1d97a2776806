"""The project as it is, laid over the records for one plan."""

from __future__ import annotations

from rbsync.sync.declared_dataset import expand
from rbsync.sync.overlay import GONE, Overlay, overlay
from rbsync.sync.plan_options import PlanOptions
from rbsync.sync.planning import make_plan
from rbsync.sync.workspace import Workspace
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_refresh import OTHER_BOX, create, delete, relabel
from tests.sync.conftest import Open

REFRESH = PlanOptions(refresh=True)


def looked(workspace: Workspace) -> Overlay:
    dataset = expand(workspace)
    return overlay(workspace.backend, workspace.store.records(), dataset, workspace.note)


def test_what_is_gone_is_created_again(folder: Project, applied: Open) -> None:
    delete(folder, "a.png")
    with applied() as workspace:
        found = looked(workspace)
        assert (set(found.missing), dict(found.conflicts)) == ({"a.png"}, {})
        (action,) = make_plan(workspace, REFRESH).actions
        assert (type(action).__name__, action.message) == ("Create", GONE)
        assert len(workspace.store.records()) == 3


def test_what_others_changed_is_a_conflict(folder: Project, applied: Open) -> None:
    relabel(folder, "b.png", BOX)
    with applied() as workspace:
        plan = make_plan(workspace, REFRESH)
    (action,) = plan.actions
    assert (type(action).__name__, action.name, plan.unchanged) == ("Blocked", "b.png", 2)
    assert action.message.startswith("labels changed at the project")


def test_others_have_made_what_is_declared_anew_is_no_conflict(
    folder: Project, applied: Open
) -> None:
    relabel(folder, "b.png", OTHER_BOX)
    folder.write("b.json", [OTHER_BOX])
    with applied() as workspace:
        found = looked(workspace)
    assert "b.png" not in found.conflicts


def test_a_task_of_others_in_the_way_is_a_conflict(folder: Project, applied: Open) -> None:
    create(folder, "d.png")
    folder.write("d.png", (folder.folder / "a.png").read_bytes())
    with applied() as workspace:
        (action,) = make_plan(workspace, REFRESH).actions
    assert (type(action).__name__, action.reason) == ("Blocked", "conflict")
