"""The state is rebuilt and corrected from the project."""

from __future__ import annotations

import pytest

from rbsync.errors import RbsyncError
from rbsync.stores import record_pages
from rbsync.stores.base import Upload
from rbsync.sync import refreshing
from rbsync.sync.refreshing import Refreshed, refresh
from rbsync.sync.state_editing import forget
from tests.builders import OWNER
from tests.scenarios.project import Project
from tests.scenarios.test_refresh import create, delete
from tests.sync.conftest import Open


@pytest.mark.parametrize("at_once", [1, 2, 1000])
def test_added_removed_and_unmanaged_are_told(
    folder: Project, applied: Open, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(refreshing, "_TOGETHER", at_once)
    monkeypatch.setattr(record_pages, "PAGE", at_once)
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


def test_the_content_of_what_is_gone_is_sent_again(folder: Project, applied: Open) -> None:
    delete(folder, "c.png")
    with applied() as workspace:
        records = workspace.store.records()
        contents = {name: one.applied.items for name, one in records.items() if one.applied}
        with workspace.store.writer(OWNER, timeout=5) as writer:
            writer.commit(uploads=[Upload(one, "store", one) for one in contents.values()])
        assert refresh(workspace, 5).removed == ("c.png",)
        with workspace.store.writer(OWNER, timeout=5) as writer:
            left = writer.uploads(contents.values(), "store")
    assert set(left) == {contents["a.png"], contents["b.png"]}
