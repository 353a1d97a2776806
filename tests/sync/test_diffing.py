"""Two versions of a dataset compared, down to what changed in labels."""

from __future__ import annotations

import shutil

import pytest

from rbsync.errors import UserError
from rbsync.label_changes.change_wording import told
from rbsync.locks.differences import Changed
from rbsync.sync.diffing import (
    at_hand,
    at_project,
    compare_versions,
    named,
    project_against_lock,
)
from rbsync.sync.locking import write_lock
from rbsync.trust import read_trust
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_versions import commit, git
from tests.sync.conftest import MOVED_BOX, Open

TRUST = read_trust({})
MOVED = "1 box moved (car, 1 px)"


def manifest(project: Project) -> str:
    return str(project.folder / "rbsync.yaml")


def change(project: Project) -> None:
    """Moves the box of one picture, and labels another."""
    project.write("a.json", [MOVED_BOX])
    project.write("b.json", [BOX])


CHANGED = (Changed("a.png", ("labels",)), Changed("b.png", ("labels",)))
LABELS = {"a.png": MOVED, "b.png": "1 box added (car)"}


def test_a_revision_is_compared_with_the_files_at_hand_down_to_a_box(
    committed: Project, opened: Open
) -> None:
    change(committed)
    old = named(manifest(committed), "v1", TRUST)
    with opened(sums=True) as workspace:
        new = at_hand(workspace)
        found = compare_versions(old, new)
        some = compare_versions(old, new, 1)
        assert new.digest == write_lock(workspace).digest
    assert found.difference.changed == CHANGED
    assert {name: told(one) for name, one in found.labels.items()} == LABELS
    assert some.difference == found.difference
    assert list(some.labels) == ["a.png"]


def test_two_revisions_are_compared_whatever_the_files_are_now(committed: Project) -> None:
    change(committed)
    commit(committed)
    git(committed, "tag", "v2")
    shutil.rmtree(committed.folder / "rbsync.lock")
    for name in ("a.json", "b.json", "c.png"):
        (committed.folder / name).unlink()
    old, new = (named(manifest(committed), name, TRUST) for name in ("v1", "v2"))
    found = compare_versions(old, new)
    assert found.difference.changed == CHANGED
    assert {name: told(one) for name, one in found.labels.items()} == LABELS
    assert not compare_versions(new, new).difference


def test_a_lock_folder_has_no_files_whose_labels_could_be_opened(
    committed: Project, opened: Open
) -> None:
    shutil.copytree(committed.folder / "rbsync.lock", committed.folder / "old/rbsync.lock")
    change(committed)
    old = named(manifest(committed), str(committed.folder / "old"), TRUST)
    assert old.digest == named(manifest(committed), "v1", TRUST).digest
    with opened(sums=True) as workspace:
        found = compare_versions(old, at_hand(workspace))
    assert found.difference.changed == CHANGED
    assert found.labels == {}


def test_the_project_is_a_version_too(committed: Project, opened: Open) -> None:
    change(committed)
    assert committed.apply().code == 0
    old = named(manifest(committed), "v1", TRUST)
    with opened(sums=True) as by_sums, opened() as workspace:
        project = at_project(workspace, old, at_hand(by_sums))
        found = compare_versions(old, project)
    assert project.digest == "project"
    assert found.difference.changed == CHANGED
    assert told(found.labels["a.png"]).startswith("1 box moved (car, ")


def test_the_project_differs_from_the_lock_in_what_did_not_arrive(
    committed: Project, opened: Open
) -> None:
    assert committed.apply().code == 0
    with opened(sums=True) as by_sums, opened() as workspace:
        assert not project_against_lock(workspace, by_sums, lambda _: True)
    change(committed)
    committed.write("c.png", png(77))
    assert committed.run("lock").code == 0
    with opened(sums=True) as by_sums, opened() as workspace:
        found = project_against_lock(workspace, by_sums, lambda _: True)
        only = project_against_lock(workspace, by_sums, lambda name: name == "c.png")
    assert found.changed == (*CHANGED, Changed("c.png", ("items",)))
    assert only.changed == (Changed("c.png", ("items",)),)


def test_a_name_that_is_no_version_is_told(committed: Project) -> None:
    with pytest.raises(UserError, match="in git there is no revision `nothing`, but `"):
        named(manifest(committed), "nothing", TRUST)
