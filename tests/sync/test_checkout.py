"""A folder as a revision has it, with what git never had."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from rbsync.errors import RbsyncError
from rbsync.sync.checkout import checked_out


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    root.mkdir()
    for command in (["init", "-q"], ["config", "user.name", "n"], ["config", "user.email", "e"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    (root / ".gitignore").write_text("*.png\n")
    (root / ".gitattributes").write_text("kept.txt export-ignore\n")
    (root / "kept.txt").write_text("first")
    commit(root)
    return root


def commit(root: Path) -> None:
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    subprocess.run(["git", "commit", "-qm", "one"], cwd=root, check=True)


def test_files_of_git_are_those_of_the_revision_and_others_those_of_now(repository: Path) -> None:
    (repository / "kept.txt").write_text("second")
    (repository / "later.txt").write_text("later")
    commit(repository)
    (repository / "kept.txt").write_text("not committed")
    (repository / "a.png").write_bytes(b"picture")
    (repository / "link.png").symlink_to("/etc/hostname")
    with checked_out(str(repository), "HEAD~1") as (folder, found):
        assert sorted(os.listdir(folder)) == [".gitattributes", ".gitignore", "a.png", "kept.txt"]
        assert Path(folder, "kept.txt").read_text() == "first"
        assert Path(folder, "a.png").read_bytes() == b"picture"
        assert len(found) == 40
    assert not Path(folder).exists()
    assert (repository / "kept.txt").read_text() == "not committed"


def test_a_folder_without_git_says_so(tmp_path: Path) -> None:
    with (
        pytest.raises(RbsyncError, match="git has no `HEAD` of this folder"),
        checked_out(str(tmp_path), "HEAD"),
    ):
        pass
