"""A plan that had nothing to do is remembered for as long as nothing changed."""

from __future__ import annotations

import pytest

import rbsync.files.tree_hashing as trees
from rbsync.sync.memo import Recalled, recall
from rbsync.sync.planning import basis_of, make_plan
from rbsync.sync.workspace import Workspace
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.sync.conftest import MANIFEST, Open


def recalled(workspace: Workspace) -> int | None:
    """How many datapoints the memo speaks of."""
    found = known(workspace)
    return found.memo.remembered.count if found and found.is_all else None


def known(workspace: Workspace) -> Recalled | None:
    """The memo, whatever has changed in folders that it speaks of."""
    project = workspace.backend.describe()
    basis = basis_of(workspace, workspace.store.header())
    return recall(workspace, basis, project, asked=True)


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


def test_a_manifest_that_says_the_same_is_no_other_one(folder: Project, applied: Open) -> None:
    plan_until_known(applied)
    for text in (f"# All pictures.\n{MANIFEST}", MANIFEST.replace('"', "'") + "\n"):
        folder.manifest(text)
        with applied() as workspace:
            found = known(workspace)
            # The manifest itself lies in the folder.
            assert found
            assert found.changed == [""]


def test_what_is_told_of_a_source_is_told_at_its_line(folder: Project, applied: Open) -> None:
    folder.write("stray.json", [BOX])
    plan_until_known(applied)
    # Two lines more than it has at first, and one line more.
    for lines in (2, 1, 0):
        folder.manifest("# A comment.\n" * lines + MANIFEST)
        for _ in range(2):
            with applied() as workspace:
                (warning,) = make_plan(workspace).warnings
                assert recalled(workspace) == 3
            assert warning.code == "stray-labels"
            assert warning.location
            assert warning.location.line == 4 + lines


def test_a_plan_that_has_something_to_do_has_it_the_next_time(opened: Open) -> None:
    for _ in range(2):
        with opened() as workspace:
            assert len(make_plan(workspace).actions) == 3
            assert recalled(workspace) is None
