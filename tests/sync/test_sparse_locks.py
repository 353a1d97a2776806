"""In a sparse checkout no lock of a part of the files is written."""

from __future__ import annotations

import subprocess

import pytest

from rbsync.errors import UserError
from rbsync.sync.sparse_locks import refuse_part
from tests.hints.following import follows
from tests.scenarios.project import Project


def git(folder: Project, *arguments: str) -> None:
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *author, *arguments], cwd=folder.folder, check=True)


def commit_locked(folder: Project) -> None:
    """Commits the files, their lock, and one file more."""
    assert folder.run("lock").code == 0
    folder.write("notes.txt", "")
    git(folder, "init", "-q", ".")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")


@follows(
    "this checkout is sparse, and a lock written here would lack the other files: "
    "`git sparse-checkout disable` brings them"
)
def test_in_a_sparse_checkout_nobody_is_led_to_a_lock_of_a_part(folder: Project) -> None:
    commit_locked(folder)
    git(folder, "sparse-checkout", "set", "--no-cone", "/*", "!/c.png")
    before = folder.run("verify").out
    for command in (["lock", "--check"], ["plan", "--locked"], ["lock"]):
        found = folder.run(*command)
        assert "`rbsync lock`" not in found.err
        assert "git sparse-checkout disable" in found.err
    assert (found.code, "a locked file is not here: `c.png`" in found.err) == (65, True)
    assert folder.run("verify").out == before
    # What is away is none of the dataset, nor is a file that was taken away on purpose.
    git(folder, "sparse-checkout", "set", "--no-cone", "/*", "!/notes.txt")
    (folder.folder / "b.png").unlink()
    assert folder.run("lock").code == 0
    git(folder, "checkout", "-q", ".")
    git(folder, "sparse-checkout", "set", "--no-cone", "/*", "!/rbsync.lock/")
    assert "`rbsync.lock/" in folder.run("lock").err
    assert not (folder.folder / "rbsync.lock").exists()
    git(folder, "sparse-checkout", "disable")
    assert folder.run("lock", "--check").code == 0
    (folder.folder / "c.png").unlink()
    assert "`rbsync lock` writes it anew" in folder.run("lock", "--check").err


def test_what_is_left_out_and_not_locked_is_nobodys_loss(folder: Project) -> None:
    root, lock = str(folder.folder), str(folder.folder / "rbsync.lock")
    refuse_part(root, lock)
    commit_locked(folder)
    git(folder, "sparse-checkout", "set", "--no-cone", "/*", "!/notes.txt")
    refuse_part(root, lock)
    git(folder, "sparse-checkout", "set", "--no-cone", "/*", "!/b.png", "!/c.png")
    with pytest.raises(UserError, match="2 locked files are not here: `b"):
        refuse_part(root, lock)
