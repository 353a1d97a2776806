"""Disks and processes as the stores meet them: full, read-only, stopped, killed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from rbsync.stores import stamped_names
from tests.disks import disk_of, freezing
from tests.victims import Start, victims


@pytest.fixture
def start() -> Iterator[Start]:
    with victims("tests.stores.victim") as begin:
        yield begin


@pytest.fixture
def one_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine so fast that whatever the test names by the time is named within one second."""
    now = time.gmtime()
    monkeypatch.setattr(
        stamped_names, "time", SimpleNamespace(strftime=time.strftime, gmtime=lambda: now)
    )


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
