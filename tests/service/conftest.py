"""A service for the test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backends.local.conftest import small_disk as small_disk
from tests.service.serving import Client, serving


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "vendor: runs the vendor's own SDK against the service")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "project"


@pytest.fixture
def client(folder: Path) -> Iterator[Client]:
    with serving(folder) as made:
        yield made
