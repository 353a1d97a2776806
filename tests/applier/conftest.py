"""A site with each kind of store, and no waiting between retries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rbsync.applier import retry
from rbsync.stores.memory import MemoryStore
from tests.applier.site import Site, sqlite_site


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "BASE_SECONDS", 0.0)


@pytest.fixture(params=["memory", "sqlite"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    made = sqlite_site(tmp_path) if request.param == "sqlite" else Site(tmp_path, MemoryStore())
    yield made
    made.project.close()
