"""The version of the files at hand, known without reading them again."""

from __future__ import annotations

import shutil

import pytest

import rbsync.files.tree_hashing as trees
from rbsync.errors import UserError
from rbsync.sync.known_version import has_lock, known_version
from rbsync.sync.locking import verify, write_lock
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_versions import git
from tests.sync.conftest import MANIFEST, Open

AGES = 10**18
"""Nanoseconds: longer than any test takes."""


@pytest.fixture
def old_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """What just changed counts as old."""
    monkeypatch.setattr(trees, "RACY", -AGES)


@pytest.fixture
def locked(old_files: None, opened: Open) -> str:
    """The version of the folder, which was just locked and verified."""
    with opened(sums=True) as workspace:
        digest = write_lock(workspace).digest
    with opened(sums=True) as workspace:
        assert not verify(workspace).difference
    return digest


def known(opened: Open) -> str:
    with opened() as workspace:
        return known_version(workspace)


def test_what_was_locked_is_known_until_a_lock_is_written_anew(
    folder: Project, opened: Open, locked: str
) -> None:
    assert known(opened) == locked
    folder.write("d.png", png(78))
    with opened(sums=True) as workspace:
        again = write_lock(workspace).digest
    assert again != locked
    assert known(opened) == again


CHANGES = {
    "a file has other bytes": lambda folder: folder.write("a.png", png(77) + b"more"),
    "a file is new": lambda folder: folder.write("a.json", [BOX]),
    "a file is gone": lambda folder: (folder.folder / "a.png").unlink(),
    "a file has another name": lambda folder: (folder.folder / "a.png").rename(
        folder.folder / "d.png"
    ),
    "the manifest declares other things": lambda folder: folder.manifest(MANIFEST + "# more\n"),
    "the lock is gone": lambda folder: shutil.rmtree(folder.folder / "rbsync.lock"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_after_a_change_it_is_not_known(
    folder: Project, opened: Open, locked: str, change: str
) -> None:
    assert known(opened) == locked
    CHANGES[change](folder)
    assert known(opened) == ""


def test_files_that_may_change_unseen_are_not_known(
    monkeypatch: pytest.MonkeyPatch, opened: Open
) -> None:
    monkeypatch.setattr(trees, "RACY", AGES)
    with opened(sums=True) as workspace:
        write_lock(workspace)
    assert known(opened) == ""


def test_what_was_verified_is_known_and_what_differs_is_not(
    folder: Project, opened: Open, locked: str
) -> None:
    shutil.rmtree(folder.folder / ".rbsync")
    assert known(opened) == ""
    with opened(sums=True) as workspace:
        verify(workspace)
    assert known(opened) == locked
    folder.write("d.png", png(78))
    with opened(sums=True) as workspace:
        assert verify(workspace).difference
    assert known(opened) == ""


def test_a_lock_is_there_or_not_whatever_it_is_of(folder: Project, opened: Open) -> None:
    with opened() as workspace:
        assert not has_lock(workspace)
        (folder.folder / "rbsync.lock").mkdir()
        assert has_lock(workspace)


def test_a_first_lock_is_known_at_once(old_files: None, opened: Open) -> None:
    # The manifest looks at its own folder, in which the lock comes to stand.
    with opened(sums=True) as workspace:
        digest = write_lock(workspace).digest
    assert known(opened) == digest


def test_no_folder_is_left_of_a_lock_that_was_not_written(folder: Project, opened: Open) -> None:
    folder.write("a.json", [{"category": [["object", "nothing"]]}])
    with opened(sums=True) as workspace, pytest.raises(UserError):
        write_lock(workspace)
    assert not (folder.folder / "rbsync.lock").exists()


def stamps(project: Project) -> set[tuple[str, str]]:
    tasks = project.run("ls", "--json").json["tasks"]
    return {(one["version"], one["revision"]) for one in tasks}


def test_what_is_sent_says_of_which_version_and_revision_it_is(
    old_files: None, committed: Project
) -> None:
    digest = committed.run("lock").last_line
    revision = git(committed, "rev-parse", "HEAD").stdout.strip()
    assert committed.apply().code == 0
    assert stamps(committed) == {(digest, revision)}
    # What is sent from other files than those is not said to be of them.
    committed.write("a.png", png(60))
    assert committed.apply().code == 0
    assert stamps(committed) == {(digest, revision), ("", "")}
