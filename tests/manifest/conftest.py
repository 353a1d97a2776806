"""Loading of manifests, watched."""

from __future__ import annotations

from pathlib import Path

import pytest

from rbsync.manifest import load
from rbsync.manifest.kept_settings import Circumstances
from rbsync.manifest.manifest import Manifest


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The manifests that were read."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    found: list[str] = []
    before = load._read

    def noted(of: Circumstances) -> Manifest:
        found.append(of.file)
        return before(of)

    monkeypatch.setattr(load, "_read", noted)
    return found
