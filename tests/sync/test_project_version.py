"""The project as a version of the dataset, compared with a lock."""

from __future__ import annotations

import json

import pytest

from rbsync.locks.differences import Changed, Difference, compare
from rbsync.locks.lock_content import Lock
from rbsync.sync.locking import locked_version
from rbsync.sync.project_version import project_version, tasks_of
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_refresh import create, delete, edit, relabel
from tests.sync.conftest import MOVED_BOX, Open


@pytest.fixture
def site(folder: Project) -> Project:
    """The folder with labels of one picture, locked and applied."""
    folder.write("a.json", [BOX])
    assert folder.run("lock").code == 0
    assert folder.apply().code == 0
    return folder


def compared(opened: Open, *, at_hand: bool = True) -> tuple[Difference, Lock]:
    with opened() as workspace:
        lock = locked_version(workspace.manifest)
        found = project_version(workspace, workspace.backend.read(), lock, lambda _: at_hand)
        assert found.task_ids == {
            one.task.name: one.task.task_id for one in workspace.backend.read()
        }
    return compare(lock, found.lock), lock


def test_a_project_that_holds_what_is_locked_is_that_version(site: Project, opened: Open) -> None:
    difference, lock = compared(opened)
    assert sorted(lock.notes) == ["a.png", "b.png", "c.png"]
    assert not difference


def test_what_others_did_at_the_project_is_told_facet_by_facet(site: Project, opened: Open) -> None:
    relabel(site, "a.png", MOVED_BOX)
    edit(site, "b.png", "settings", priority=0.5)
    delete(site, "c.png")
    create(site, "stranger")
    difference, _ = compared(opened)
    assert difference.added == ("stranger",)
    assert difference.removed == ("c.png",)
    assert difference.changed == (Changed("a.png", ("labels",)), Changed("b.png", ("settings",)))


def test_items_count_as_the_locks_only_where_its_files_are_at_hand(
    site: Project, opened: Open
) -> None:
    difference, _ = compared(opened, at_hand=False)
    names = ("a.png", "b.png", "c.png")
    assert difference.changed == tuple(Changed(name, ("items",)) for name in names)


def test_the_tasks_of_names_come_with_their_labels(site: Project, opened: Open) -> None:
    with opened() as workspace:
        lock = locked_version(workspace.manifest)
        found = project_version(workspace, workspace.backend.read(), lock, lambda _: True)
        with tasks_of(workspace, found, ["a.png", "nothing"]) as declared:
            assert list(declared.tasks) == ["a.png"]
            assert json.loads(declared.tasks["a.png"].labels) == [BOX]
