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
