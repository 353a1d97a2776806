"""Files that commands write are whole, and as private as the user wants them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from rbsync.cli.export import whole_file, whole_folder
from rbsync.errors import RbsyncError
from rbsync.written_files import whole, write_whole


@pytest.fixture(params=[0o022, 0o077, 0o002], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_and_folders_have_the_permissions_of_any_other(tmp_path: Path, umask: int) -> None:
    write_whole(str(tmp_path / "plan.json"), "{}")
    with whole_file(str(tmp_path / "below/labels.json"), force=False) as file:
        file.write(b"[]")
    with whole_folder(str(tmp_path / "masks"), force=False) as write:
        write("deep/a.png", b"picture")
    for name in ("plan.json", "below/labels.json", "masks/deep/a.png"):
        assert mode(tmp_path / name) == 0o666 & ~umask
    for name in ("below", "masks", "masks/deep"):
        assert mode(tmp_path / name) == 0o777 & ~umask


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    write_whole(str(tmp_path / "kept.txt"), "before")
    with pytest.raises(KeyboardInterrupt):
        half(str(tmp_path / "kept.txt"))
    assert os.listdir(tmp_path) == ["kept.txt"]
    assert (tmp_path / "kept.txt").read_text() == "before"


def half(path: str) -> None:
    with whole(path) as file:
        file.write(b"half")
        raise KeyboardInterrupt


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RbsyncError, match=r"plan\.json cannot be written: No such file"):
        write_whole(str(tmp_path / "missing/plan.json"), "{}")
