"""Paths of a repository that are nobody's data, and homes that are kept in git."""

from __future__ import annotations

from pathlib import Path

import pytest

from rbsync.files.roots import OutsideError, Roots
from rbsync.trust.places import own_folder_objection, repository_of


def test_gits_own_files_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "a/.git").mkdir(parents=True)
    (tmp_path / "a/.git/config").write_text("token")
    (tmp_path / "a/link").symlink_to(".git/config")
    roots = Roots(str(tmp_path))
    for path in ("a/.git/config", "a/link"):
        with pytest.raises(OutsideError, match="git's or rbsync's own"):
            roots.open_file(path)


def test_a_repository_ends_where_git_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    below = tmp_path / "work/data/set"
    below.mkdir(parents=True)
    assert repository_of(str(below)) == str(below)
    (tmp_path / ".git").mkdir()
    assert repository_of(str(below)) == str(below)
    (tmp_path / "work/.git").write_text("gitdir: elsewhere")
    assert repository_of(str(below)) == str(tmp_path / "work")


@pytest.mark.parametrize(
    "path", ["..", ".", "", "/tmp", "../x", "a/../..", ".git/x", "a/.GIT", "link/x", "link", "a/b"]
)
def test_a_folder_that_is_written_to_stays_inside(tmp_path: Path, path: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "a/b").symlink_to("/tmp")
    assert own_folder_objection(str(tmp_path), path)


@pytest.mark.parametrize("path", ["x", "a", "a/x", "./a/x/", ".rbsync/project", "a/../x"])
def test_a_folder_inside_is_fine(tmp_path: Path, path: str) -> None:
    (tmp_path / "a").mkdir()
    assert own_folder_objection(str(tmp_path), path) == ""
