"""What a manifest speaks of is opened, and makes nothing but what is remembered."""

from __future__ import annotations

from rbsync.applier.cancellation import Cancellation
from rbsync.sync.workspace import Unwatched
from tests.scenarios.project import Project
from tests.sync.conftest import Open


def test_opening_makes_no_state_and_no_project(folder: Project, opened: Open) -> None:
    with opened() as workspace:
        assert workspace.store.header() is None
        assert workspace.backend.describe() is None
        assert workspace.taxonomy.names == {"car", "bus"}
    there = {one.name for one in (folder.folder / ".rbsync").iterdir()}
    assert not {one for one in there if one.startswith("state") or one == "project"}


def test_who_leaves_ends_the_waiting(opened: Open) -> None:
    stop = Cancellation()
    with opened(stop=stop) as workspace:
        assert workspace.stop is stop
        assert not stop.requested
    assert stop.requested


def test_files_are_read_by_their_paths_in_the_manifests_folder(opened: Open) -> None:
    with opened() as workspace, workspace.content.open("a.png") as body:
        assert body.size == len(workspace.inputs.tree.read("a.png", 1000))


def test_nobody_has_to_watch() -> None:
    watcher = Unwatched()
    watcher.begin(1, 2)
    watcher.advance(1, 2)
    watcher.end()
