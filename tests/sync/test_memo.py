"""A plan that had nothing to do is remembered for as long as nothing changed."""

from __future__ import annotations

import pytest

import rbsync.files.tree_hashing as trees
from rbsync.sync.memo import recall
from rbsync.sync.planning import basis_of, make_plan
from rbsync.sync.workspace import Workspace
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.sync.conftest import MANIFEST, Open


def recalled(workspace: Workspace) -> int | None:
    """How many datapoints the memo speaks of."""
    project = workspace.backend.describe()
    basis = basis_of(workspace, workspace.store.header())
    found = recall(workspace, basis, project, asked=True)
    return found.memo.plan(basis).datapoints if found and found.is_all else None


@pytest.fixture(autouse=True)
def old_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """What just changed may change again unseen, and waits a while; these tests do not."""
    monkeypatch.setattr(trees, "RACY", -(10**9))


@pytest.fixture(autouse=True)
def labelled(folder: Project) -> None:
    """One picture has labels: that none has would be said at each plan."""
    folder.write("c.json", [BOX])


def plan_until_known(opened: Open) -> None:
    """Plans twice: the first reads files, the second has nothing left to read."""
    for _ in range(2):
        with opened() as workspace:
            assert make_plan(workspace).actions == ()


def test_nothing_is_recalled_before_there_was_a_plan(opened: Open) -> None:
    with opened() as workspace:
        assert recalled(workspace) is None


def test_a_plan_with_nothing_to_do_is_recalled_until_a_file_changes(
    folder: Project, applied: Open
) -> None:
    plan_until_known(applied)
    with applied() as workspace:
        assert recalled(workspace) == 3
    folder.write("a.png", png(7))
    with applied() as workspace:
        assert recalled(workspace) is None


def test_a_new_file_and_another_manifest_are_seen(folder: Project, applied: Open) -> None:
    plan_until_known(applied)
    with applied() as workspace:
        assert recalled(workspace) == 3
    for change in (
        lambda: folder.write("b.json", [BOX]),
        lambda: folder.manifest(MANIFEST + "policy: {prune: true}\n"),
    ):
        change()
        with applied() as workspace:
            assert recalled(workspace) is None


def test_a_plan_that_has_something_to_do_has_it_the_next_time(opened: Open) -> None:
    for _ in range(2):
        with opened() as workspace:
            assert len(make_plan(workspace).actions) == 3
            assert recalled(workspace) is None
