"""What git knows of a folder, asked of the program itself."""

from __future__ import annotations

import subprocess
from pathlib import Path
from unittest import mock

import pytest

from rbsync.sync.git import GitError, git, revision_of

WHO = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for command in (["init", "-q"], [*WHO, "commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    return tmp_path


def test_the_commit_that_is_checked_out(repository: Path) -> None:
    (repository / "deep").mkdir()
    found = revision_of(str(repository))
    assert len(found) == 40
    assert revision_of(str(repository / "deep")) == found
    assert git(str(repository), "log", "--format=%s").decode() == "first\n"


def test_a_folder_outside_of_git_has_none(tmp_path: Path) -> None:
    assert revision_of(str(tmp_path)) == ""


def test_git_is_not_asked_where_there_is_no_repository(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = revision_of(str(repository))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / ".git").rename(elsewhere / "kept")
    with mock.patch("subprocess.run", side_effect=AssertionError):
        assert revision_of(str(tmp_path)) == ""
    # Where the repository is may be said by the environment alone.
    monkeypatch.setenv("GIT_DIR", str(elsewhere / "kept"))
    assert revision_of(str(tmp_path)) == found


def test_git_says_itself_what_is_wrong(repository: Path) -> None:
    with pytest.raises(GitError, match="nowhere"):
        git(str(repository), "log", "nowhere")


def test_a_program_that_a_repository_names_is_not_run(repository: Path) -> None:
    program = repository / "monitor"
    program.write_text(f"#!/bin/sh\ntouch '{repository}/was-run'\n")
    program.chmod(0o755)
    git(str(repository), "config", "core.fsmonitor", str(program))
    git(str(repository), "status", "--porcelain")
    assert not (repository / "was-run").exists()


def test_without_git_there_is_no_commit(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert revision_of(str(repository)) == ""
