"""Disks and processes as the stores meet them: full, read-only, stopped, killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.disks import disk_of, freezing
from tests.victims import Start, victims


@pytest.fixture
def start() -> Iterator[Start]:
    with victims("tests.stores.victim") as begin:
        yield begin


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MiB."""
    with disk_of(tmp_path / "disk", mebibytes=4) as disk:
        yield disk


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / ".rbsync" / "state.db"


@pytest.fixture
def make_read_only() -> Iterator[Callable[[Path], None]]:
    """Makes a folder read-only, for root too, until the test ends."""
    with freezing() as freeze:
        yield freeze
