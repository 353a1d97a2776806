from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.project import Project
from tests.trust.listening import Ears, listening
from tests.trust.site import Site, build

EVIL = "evil.example"
NAMES = [
    EVIL,
    f"*.{EVIL}",
    "api.redbrickai.com",
    "api.redbrickai.com.evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "127.0.0.1",
    "127.0.0.2",
    "xn--pi-7lc.redbrickai.com",
]


@pytest.fixture(scope="session")
def ears(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ears]:
    with listening(tmp_path_factory.mktemp("ears"), NAMES) as found:
        yield found


@pytest.fixture
def site(tmp_path: Path, ears: Ears) -> Site:
    return build(tmp_path, ears)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A folder with a manifest of all its pictures."""
    made = Project(tmp_path / "data")
    made.manifest("datapoints: [{glob: images/*.png, allow_empty: true}]\n")
    return made
