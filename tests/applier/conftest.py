"""A site with each kind of store, and no waiting between retries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rbsync.applier import retrying
from rbsync.stores.memory import MemoryStore
from tests.applier.site import Site, sqlite_site
from tests.disks import disk_of
from tests.victims import Start, victims


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "BASE_SECONDS", 0.0)


@pytest.fixture(params=["memory", "sqlite"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    made = sqlite_site(tmp_path) if request.param == "sqlite" else Site(tmp_path, MemoryStore())
    yield made
    made.project.close()


@pytest.fixture
def start() -> Iterator[Start]:
    with victims("tests.applier.kill_me") as begin:
        yield begin


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB."""
    with disk_of(tmp_path / "disk", mebibytes=1) as disk:
        yield disk
