"""The state is rebuilt and corrected from the project."""

from __future__ import annotations

import pytest

from rbsync.errors import RbsyncError
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.record import Record
from rbsync.sync.refreshing import Refreshed, contents_lost, refresh
from rbsync.sync.state_editing import forget
from tests.builders import PRINT
from tests.scenarios.project import Project
from tests.scenarios.test_refresh import create, delete
from tests.sync.conftest import Open


def test_added_removed_and_unmanaged_are_told(folder: Project, applied: Open) -> None:
    delete(folder, "c.png")
    create(folder, "stranger")
    with applied() as workspace:
        forget(workspace, ("a.png",), 5)
        done = refresh(workspace, 5)
        assert sorted(workspace.store.records()) == ["a.png", "b.png"]
        assert refresh(workspace, 5) == Refreshed((), (), (), 2, ("stranger",))
    assert done == Refreshed(("a.png",), (), ("c.png",), 1, ("stranger",))


def test_without_a_project_nothing_is_made(opened: Open) -> None:
    with opened() as workspace:
        with pytest.raises(RbsyncError, match="there is no project yet"):
            refresh(workspace, 5)
        assert workspace.store.header() is None


def test_the_content_of_what_is_gone_is_sent_again() -> None:
    gone = Record("a", PRINT, "t")
    kept = Record("b", Fingerprint("xxh3:kept", "", ""), "t")
    assert contents_lost({"a": gone, "b": kept}, {"b": kept}) == [PRINT.items]
    assert contents_lost({"a": gone}, {"a": gone}) == []
