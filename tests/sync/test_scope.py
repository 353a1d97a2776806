"""A plan compares what may have changed, and nothing else (rbsync.sync.scope)."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

import rbsync.files.tree as trees
from rbsync.sync.memo import mark_of, recall
from rbsync.sync.planning import basis_of, expand, make_plan
from rbsync.sync.scope import Scope, part
from rbsync.sync.state_editing import forget
from rbsync.sync.workspace import Workspace
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.sync.conftest import Open

MANIFEST = (
    "project: {type: IMAGE_BBOX, taxonomy: [car, bus]}\n"
    "datapoints:\n"
    '  - glob: "images/**/*.png"\n'
    '    labels: "labels/{stem}.json?"\n'
)


@pytest.fixture(autouse=True)
def old_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """What just changed counts as old."""
    monkeypatch.setattr(trees, "RACY", -(10**9))


@pytest.fixture
def folder(tmp_path) -> Project:
    made = Project(tmp_path / "data")
    made.manifest(MANIFEST)
    for number, name in enumerate(("a/1", "a/2", "b/3", "b/4")):
        made.write(f"images/{name}.png", png(number))
    made.write("labels/1.json", [BOX])
    return made


@pytest.fixture
def known(applied: Open) -> Open:
    """As `applied`, after a plan."""
    with applied() as workspace:
        assert make_plan(workspace).actions == ()
    return applied


def compared(workspace: Workspace) -> Scope | None:
    """What a plan would compare now."""
    header, project = workspace.store.header(), workspace.backend.describe()
    basis = basis_of(workspace, header)
    recalled = recall(workspace, basis, project, asked=True)
    assert recalled is not None
    return part(
        workspace,
        recalled,
        lambda notes: expand(workspace, project, notes=notes),
        basis,
        mark_of(workspace, header),
    )


def names(scope: Scope | None) -> list[str]:
    assert scope is not None
    return [one.name for one in scope.dataset.datapoints]


def test_of_four_pictures_the_changed_one_is_compared(folder: Project, known: Open) -> None:
    folder.write("images/a/2.png", png(9))
    with known() as workspace:
        scope = compared(workspace)
    assert names(scope) == ["images/a/2.png"]
    assert (len(scope.records), scope.left) == (1, 3)


def test_a_label_file_concerns_the_pictures_that_look_for_it(folder: Project, known: Open) -> None:
    folder.write("labels/3.json", [BOX])
    with known() as workspace:
        assert names(compared(workspace)) == ["images/b/3.png"]


def test_what_was_not_done_is_compared_until_it_is(folder: Project, known: Open) -> None:
    folder.write("images/a/2.png", png(9))
    for _ in range(2):
        with known() as workspace:
            assert [one.name for one in make_plan(workspace).actions] == ["images/a/2.png"]
            assert names(compared(workspace)) == ["images/a/2.png"]


def test_a_record_that_was_forgotten_is_compared_in_a_folder_that_did_not_change(
    known: Open,
) -> None:
    with known() as workspace:
        forget(workspace, ("images/b/4.png",), 1.0)
        assert names(compared(workspace)) == ["images/b/4.png"]


def test_a_folder_that_was_renamed_is_compared_and_no_other(folder: Project, known: Open) -> None:
    (folder.folder / "images/b").rename(folder.folder / "images/c")
    with known() as workspace:
        scope = compared(workspace)
        assert names(scope) == ["images/c/3.png", "images/c/4.png"]
        assert sorted(scope.records) == ["images/b/3.png", "images/b/4.png"]
        assert scope.left == 2


@pytest.mark.parametrize("column", ["folds", "names", "files", "digests"])
def test_a_flipped_bit_in_what_is_remembered_is_noticed(
    folder: Project, known: Open, column: str
) -> None:
    with closing(sqlite3.connect(folder.folder / ".rbsync/cache.db")) as cache, cache:
        for rowid, value in cache.execute(f"SELECT folder, {column} FROM unit").fetchall():
            flipped = bytes([value[0] ^ 1]) + value[1:]
            cache.execute(f"UPDATE unit SET {column} = ? WHERE folder = ?", (flipped, rowid))
    (folder.folder / "images/a/2.png").rename(folder.folder / "images/a/0.png")
    with known() as workspace:
        assert compared(workspace) is None
        assert [one.name for one in make_plan(workspace).moves] == ["images/a/0.png"]


def test_a_name_that_is_taken_in_a_folder_that_did_not_change_is_told(
    folder: Project, known: Open
) -> None:
    folder.write("images/A/1.png", png(8))
    with known() as workspace:
        assert compared(workspace) is None
        assert [one.code for one in make_plan(workspace).warnings] == ["lookalike"]
