"""Versions of a dataset by what people call them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from rbsync.errors import UserError
from rbsync.sync.revisions import version_of
from tests.scenarios.project import Project


def git(folder: Path, *arguments: str) -> None:
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *author, *arguments], cwd=folder, check=True, capture_output=True)


def test_a_folder_and_a_revision_mean_the_locks_that_they_have(folder: Project) -> None:
    root = folder.folder
    assert folder.run("lock").code == 0
    git(root, "init", "-q", ".")
    git(root, "add", "rbsync.lock")
    git(root, "commit", "-qm", "one")
    git(root, "tag", "v1")
    (root / "c.png").unlink()
    assert folder.run("lock").code == 0
    old, new = version_of(str(root), "v1"), version_of(str(root), str(root))
    assert sorted(old.notes) == ["a.png", "b.png", "c.png"]
    assert sorted(new.notes) == ["a.png", "b.png"]
    assert version_of(str(root), str(root / "rbsync.lock")) == new


@pytest.mark.parametrize("name", ["nothing", "--all", ""])
def test_what_means_neither_is_told(folder: Project, name: str) -> None:
    git(folder.folder, "init", "-q", ".")
    with pytest.raises(UserError, match="no lock"):
        version_of(str(folder.folder), name)


def test_a_revision_that_is_not_there_is_answered_with_some_that_are(folder: Project) -> None:
    git(folder.folder, "init", "-q", "-b", "main", ".")
    with pytest.raises(UserError, match="in git there is no revision `v9`, nor any other yet"):
        version_of(str(folder.folder), "v9")
    git(folder.folder, "commit", "-qm", "one", "--allow-empty")
    for number in range(6):
        git(folder.folder, "tag", f"v{number}")
    with pytest.raises(UserError) as raised:
        version_of(str(folder.folder), "v9")
    told = str(raised.value).splitlines()[0]
    assert told.startswith("`v9` is no lock folder, and in git there is no revision `v9`, but `")
    assert told.endswith("` and others")
    there = ("main", *(f"v{number}" for number in range(6)))
    assert sum(f"`{one}`" in told for one in there) == 5


def test_a_revision_without_a_lock_is_no_unknown_one(folder: Project) -> None:
    git(folder.folder, "init", "-q", ".")
    git(folder.folder, "commit", "-qm", "one", "--allow-empty")
    git(folder.folder, "tag", "v1")
    with pytest.raises(UserError, match=r"^the revision `v1` has no rbsync\.lock"):
        version_of(str(folder.folder), "v1")


def test_a_folder_without_lock_files_is_the_lock_of_nothing_nowhere(folder: Project) -> None:
    root = folder.folder
    assert folder.run("lock").code == 0
    for one in (root / "rbsync.lock").glob("*.sums"):
        one.unlink()
    git(root, "init", "-q", ".")
    git(root, "add", "rbsync.lock")
    git(root, "commit", "-qm", "one")
    with pytest.raises(UserError, match=r"has no `\.sums` file"):
        version_of(str(root), str(root))
    with pytest.raises(UserError, match=r"rbsync\.lock of `HEAD` has no `\.sums` file"):
        version_of(str(root), "HEAD")
    for command in (["verify"], ["lock", "--check"], ["plan", "--locked"], ["diff", "lock"]):
        found = folder.run(*command)
        assert found.code == 65, command
        assert "there is no lock: rbsync.lock has no `.sums` file" in found.err
    assert folder.run("lock").code == 0
    assert folder.run("verify").code == 0


def test_where_nothing_is_declared_nothing_is_locked(folder: Project) -> None:
    folder.write("rbsync.yaml", "version: 1\ndatapoints: []\n")
    assert folder.run("lock").code == 0
    assert folder.run("verify").code == 0
