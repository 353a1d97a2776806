"""A folder with a manifest, and rbsync run in it beside distributions with plug-ins."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.project import Ran, ended
from tests.scenarios.started import Started

HERE = Path(__file__).parent
EXAMPLE = HERE / "site"
BROKEN = HERE / "broken"


class Installed:
    """A folder in which rbsync runs; the folders in ``sites`` are on the path, as an install is."""

    def __init__(self, folder: Path, *sites: Path) -> None:
        self.folder = folder
        known = os.environ.get("PYTHONPATH")
        paths = [*map(str, sites), *([known] if known else [])]
        self.environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}

    def write(self, path: str, text: str) -> None:
        (self.folder / path).write_text(text, "utf-8")

    def run(self, *arguments: str, code: int = 0) -> Ran:
        """Runs a command to its end; it must exit with ``code``."""
        started = Started(*arguments, folder=self.folder, environment=self.environment)
        ran = ended(started)
        assert ran.code == code, ran.out + ran.err
        return ran

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code).out)


@pytest.fixture
def example(tmp_path: Path) -> Installed:
    """With one sound plug-in of each kind."""
    return Installed(tmp_path, EXAMPLE)


@pytest.fixture
def broken(tmp_path: Path) -> Installed:
    """With sound plug-ins, and others that cannot be used."""
    return Installed(tmp_path, EXAMPLE, BROKEN)
