"""The lock of the files at hand: written, compared, and asked for before anything is done."""

from __future__ import annotations

import pytest

from rbsync.errors import UserError
from rbsync.sync.locking import check_locked, lock_folder, locked_version, verify, write_lock
from tests.scenarios.pictures import png
from tests.scenarios.project import Project
from tests.sync.conftest import Open


def test_a_lock_is_written_once_and_read_back(folder: Project, opened: Open) -> None:
    with opened(sums=True) as workspace:
        first = write_lock(workspace)
        assert (first.datapoints, first.files) == (3, 3)
        assert first.written >= 1
    with opened(sums=True) as workspace:
        again = write_lock(workspace)
        assert (again.digest, again.written) == (first.digest, 0)
        assert sorted(locked_version(workspace.manifest).notes) == ["a.png", "b.png", "c.png"]
        assert lock_folder(workspace.manifest) == str(folder.folder / "rbsync.lock")


def test_what_differs_from_the_lock_is_named(folder: Project, opened: Open) -> None:
    with opened(sums=True) as workspace:
        write_lock(workspace)
    with opened(sums=True) as workspace:
        check_locked(workspace)
    folder.write("a.png", png(77))
    folder.write("d.png", png(78))
    (folder.folder / "b.png").unlink()
    with opened(sums=True) as workspace:
        found = verify(workspace).difference
        assert list(found.added) == ["d.png"]
        assert list(found.removed) == ["b.png"]
        assert [one.name for one in found.changed] == ["a.png"]
        only = verify(workspace, lambda name: name == "d.png").difference
        assert (list(only.added), list(only.removed), list(only.changed)) == (["d.png"], [], [])
        with pytest.raises(UserError) as caught:
            check_locked(workspace)
    assert "`d.png` is not in the lock" in str(caught.value)
    assert "`b.png` is locked and not here" in str(caught.value)


def test_without_a_lock_the_way_to_one_is_told(opened: Open) -> None:
    with opened(sums=True) as workspace, pytest.raises(UserError) as caught:
        locked_version(workspace.manifest)
    assert caught.value.problems[0].hint == "" or "rbsync lock" in str(caught.value)


def test_a_lock_folder_that_is_a_link_is_not_followed(folder: Project, opened: Open) -> None:
    (folder.folder / "rbsync.lock").symlink_to(folder.folder)
    with opened(sums=True) as workspace, pytest.raises(UserError):
        write_lock(workspace)
