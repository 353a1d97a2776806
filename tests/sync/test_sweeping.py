"""What killed runs left is swept once a day (rbsync.sync.sweeping)."""

from __future__ import annotations

import os
import time

from rbsync.sync.sweeping import DAY, MARK, sweep_when_due
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
