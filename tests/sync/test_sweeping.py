"""What killed runs left is swept once a day (rbsync.sync.sweeping)."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import closing
from pathlib import Path

import pytest

from rbsync.files.cache import Cache, Row
from rbsync.sync.planning import make_plan
from rbsync.sync.sweeping import DAY, MARK, collect, sweep_when_due
from tests.scenarios.pictures import png
from tests.scenarios.project import Project
from tests.sync.conftest import Open


def test_it_is_due_once_a_day(folder: Project, applied: Open) -> None:
    mark = folder.folder / ".rbsync" / MARK
    with applied() as workspace:
        sweep_when_due(workspace)
        assert mark.exists()
        lately, long_ago = time.time() - DAY / 2, time.time() - 2 * DAY
        os.utime(mark, (lately, lately))
        sweep_when_due(workspace)
        assert mark.stat().st_mtime == lately
        os.utime(mark, (long_ago, long_ago))
        sweep_when_due(workspace)
        assert mark.stat().st_mtime > lately


def test_what_is_remembered_of_a_folder_that_is_gone_is_forgotten_after_a_day(
    folder: Project, applied: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = folder.folder / "rbsync.yaml"
    manifest.write_text(manifest.read_text().replace('"*.png"', '"**/*.png"'))
    old = folder.folder / "old"
    old.mkdir()
    (old / "x.png").write_bytes(png(4711))
    with applied() as workspace:
        make_plan(workspace)
        assert "old" in workspace.inputs.cache.folders()
    shutil.rmtree(old)
    with applied() as workspace:
        cache = workspace.inputs.cache
        collect(workspace, DAY)
        # A disk that is not mounted today may be back tomorrow.
        assert "old" in cache.folders()
        after = time.time() + DAY + 1
        monkeypatch.setattr("rbsync.sync.sweeping.time.time", lambda: after)
        collect(workspace, DAY)
        assert "old" not in cache.folders()
        assert "" in cache.folders()


def test_checks_of_contents_that_no_file_has_any_more_are_forgotten(tmp_path: Path) -> None:
    here, gone = "11" * 16, "22" * 16
    with closing(Cache(str(tmp_path / "cache.db"), "xxh3")) as cache:
        cache.put_folders([("d", Row(b"a", b"", bytes.fromhex(here), b"\0"))])
        rows = [(f"xxh3:{here}", "1"), (f"xxh3:{gone}", "2"), (f"xxh3:{here} xxh3:{gone}", "3")]
        cache.put_checked("masks", [*rows, ("inline", "4")])
        cache.forget([])
        assert cache.checked("masks") == {f"xxh3:{here}": "1", "inline": "4"}
        cache.forget(["d"])
        assert cache.checked("masks") == {"inline": "4"}
        assert cache.folders() == []
