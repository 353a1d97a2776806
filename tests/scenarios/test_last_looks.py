"""A plan with nothing to do says how old what it knows of a service is."""

from __future__ import annotations

import time
from pathlib import Path

from rbsync.files.cache import Cache
from rbsync.sync.last_look import RECENT
from tests.scenarios.offline_service import RemoteProject, Served
from tests.scenarios.pictures import png
from tests.sync.test_first_look import MANIFEST, NO_CHANGES, service

__all__ = ["service"]


def test_an_old_look_is_told(service: Served, tmp_path: Path) -> None:
    project = RemoteProject(tmp_path / "old", service.url)
    project.write("images/old.png", png(77))
    project.manifest(MANIFEST)
    assert project.apply().code == 0
    assert project.run("plan").last_line == NO_CHANGES
    cache = Cache(str(project.folder / ".rbsync/cache.db"), "xxh3")
    cache.put_memo("looked at", repr(time.time() - RECENT - 7240))
    cache.close()
    assert project.run("plan").last_line == (
        "No changes. The project was last looked at 2 h ago; --refresh looks."
    )
    assert project.run("plan", "--refresh").last_line == NO_CHANGES
    assert project.run("plan").last_line == NO_CHANGES
