"""Folders for the tests of files, and one that others may look into."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.files.folder import Folder, shared_folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "main")


@pytest.fixture
def shared() -> Iterator[Folder]:
    with shared_folder() as folder:
        yield folder
