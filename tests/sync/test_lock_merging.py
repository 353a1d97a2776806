"""Git's merge of lock files, and how git gets to know of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from rbsync.errors import RbsyncError, UserError
from rbsync.sync.lock_merging import NAME, install, merge_files
from tests.scenarios.project import Project


def test_git_is_told_of_the_driver(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "."], cwd=tmp_path, check=True)
    install(str(tmp_path))
    told = subprocess.run(
        ["git", "config", f"{NAME}.driver"], cwd=tmp_path, check=True, capture_output=True
    )
    assert told.stdout == b"rbsync merge-driver %O %A %B %P\n"


def test_where_there_is_no_git_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(RbsyncError, match="git takes no merge driver here"):
        install(str(tmp_path))


def test_both_sides_are_taken_in(folder: Project, tmp_path: Path) -> None:
    (lock,) = _locked(folder)
    base, ours, theirs = (tmp_path / name for name in ("base", "ours", "theirs"))
    lines = lock.read_bytes().splitlines(keepends=True)
    entries = [lines[at : at + len(lines) // 3] for at in range(0, len(lines), len(lines) // 3)]
    base.write_bytes(b"".join(entries[0]))
    ours.write_bytes(b"".join(entries[0] + entries[1]))
    theirs.write_bytes(b"".join(entries[0] + entries[2]))
    assert merge_files(str(base), str(ours), str(theirs), f"rbsync.lock/{lock.name}") == []
    assert ours.read_bytes() == lock.read_bytes()


def test_what_is_no_lock_file_is_told_and_left_alone(tmp_path: Path) -> None:
    for name in ("base", "ours", "theirs"):
        (tmp_path / name).write_text("no lock\n")
    base, ours, theirs = (str(tmp_path / name) for name in ("base", "ours", "theirs"))
    with pytest.raises(UserError, match="cannot be merged"):
        merge_files(base, ours, theirs, "rbsync.lock/x.sums")
    assert (tmp_path / "ours").read_text() == "no lock\n"


def _locked(folder: Project) -> list[Path]:
    assert folder.run("lock").code == 0
    return sorted((folder.folder / "rbsync.lock").glob("*.sums"))
