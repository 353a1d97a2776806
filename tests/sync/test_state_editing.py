"""The state by hand: backed up before, and never made into something else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rbsync.documents.text import dump
from rbsync.errors import RbsyncError, StaleError, StoreError
from rbsync.model.record import Intent
from rbsync.sync import state_editing
from rbsync.sync.applying import whoami
from rbsync.sync.state_editing import backup_path, forget, pull, push, rename
from rbsync.sync.workspace import Workspace
from tests.builders import PRINT
from tests.sync.conftest import Open


def backups(workspace: Workspace) -> list[Path]:
    return list(Path(backup_path(workspace)).parent.glob(f"{'state-*.db'}"))


def test_each_change_is_backed_up_before(applied: Open) -> None:
    with applied() as workspace:
        forget(workspace, ("a.png",), 5)
        rename(workspace, "b.png", "z", 5)
        assert sorted(workspace.store.records()) == ["c.png", "z"]
        assert len(backups(workspace)) == 2


def test_many_records_get_other_names_by_a_pattern_and_the_project_too(applied: Open) -> None:
    with applied() as workspace:
        renamed = rename(workspace, "{case}.png", "moved/{case}.png", 5)
        assert sorted(renamed.values()) == ["moved/a.png", "moved/b.png", "moved/c.png"]
        assert sorted(workspace.store.records()) == sorted(renamed.values())
        assert [one.name for one in workspace.backend.list()] == sorted(renamed.values())
        with pytest.raises(RbsyncError, match="is not in"):
            rename(workspace, "{x}", "{case}", 5)


def test_without_a_state_there_is_nothing_to_edit(opened: Open) -> None:
    with opened() as workspace:
        for edit in (lambda: forget(workspace, ("a",), 5), lambda: pull(workspace)):
            with pytest.raises(StoreError, match="there is no state yet"):
                edit()


def test_a_name_that_is_unknown_taken_or_left_open_is_refused(applied: Open) -> None:
    with applied() as workspace:
        with pytest.raises(RbsyncError, match="the state has no `x`"):
            forget(workspace, ("a.png", "x"), 5)
        with pytest.raises(RbsyncError, match=r"the state has `b\.png` already"):
            rename(workspace, "a.png", "b.png", 5)
        with workspace.store.writer(whoami(), timeout=5) as writer:
            writer.intend([Intent("a.png", "update", PRINT, 1.0)])
        with pytest.raises(RbsyncError, match=r"left `a\.png` open"):
            rename(workspace, "a.png", "z", 5)
        assert sorted(workspace.store.records()) == ["a.png", "b.png", "c.png"]


def test_what_is_pulled_can_be_pushed_again(applied: Open) -> None:
    with applied() as workspace:
        before = workspace.store.records()
        document = dump(pull(workspace)).encode()
        forget(workspace, ("a.png", "b.png"), 5)
        with pytest.raises(StaleError, match="newer than the document"):
            push(workspace, document, 5, force=False)
        assert push(workspace, document, 5, force=True) == 3
        assert workspace.store.records() == before


@pytest.mark.parametrize(
    "broken",
    [
        {"format_version": 99},
        {"records": [{"name": "a"}]},
        {"records": "all"},
        {"records": [{"name": 3, "applied": None, "task_id": "", "failure": None}]},
        {"serial": "new"},
        {"lineage": None},
    ],
)
def test_what_is_no_state_document_changes_nothing(applied: Open, broken: dict[str, Any]) -> None:
    with applied() as workspace:
        document = dump({**pull(workspace), **broken}).encode()
        before = workspace.store.records()
        with pytest.raises(RbsyncError, match=r"the document:\d+:\d+: "):
            push(workspace, document, 5, force=True)
        assert workspace.store.records() == before
        assert backups(workspace) == []


def test_a_backup_never_takes_the_name_of_another(applied: Open) -> None:
    with applied() as workspace:
        first = backup_path(workspace)
        Path(first).write_bytes(b"")
        assert backup_path(workspace) != first
    assert state_editing.BACKUPS in first
