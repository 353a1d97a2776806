"""Folders for the tests of files, and one that others may look into."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.files.folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "main")


@pytest.fixture
def shared() -> Iterator[Folder]:
    """A folder that every user may reach and write to."""
    root = Path(tempfile.mkdtemp(prefix="rbsync-shared-"))
    root.chmod(0o777)
    folder = Folder(root)
    (root / ".rbsync").chmod(0o777)
    yield folder
    for one in root.rglob("*"):
        if one.is_dir() and not one.is_symlink():
            one.chmod(0o777)
    shutil.rmtree(root)
