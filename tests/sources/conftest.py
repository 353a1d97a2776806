"""A folder for the sources of a manifest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.files.folder import shared_folder
from tests.sources.declared import Declared


@pytest.fixture
def declared(tmp_path: Path) -> Declared:
    (tmp_path / "main").mkdir()
    return Declared(tmp_path / "main")


@pytest.fixture
def shared() -> Iterator[Declared]:
    with shared_folder() as folder:
        yield Declared(folder.root)
