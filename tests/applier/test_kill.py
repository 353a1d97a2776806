"""kill -9 at any moment, as often as it likes: in the end all is there, and nothing twice."""

from __future__ import annotations

import random
import time
from pathlib import Path

from rbsync.errors import ExitCode
from tests.applier.faulty import Faulty
from tests.applier.kill_me import NUMBER, desired
from tests.applier.site import pending, sqlite_site, stamps
from tests.victims import Start

KILLS = 25


def test_25_kills_lose_nothing_and_make_nothing_twice(tmp_path: Path, start: Start) -> None:
    """I1, I2, I6, I7, I16."""
    chance = random.Random(4711)
    grown: set[int] = set()
    unsettled = 0
    site = sqlite_site(tmp_path)
    for kill in range(KILLS):
        victim = start(tmp_path)
        assert victim.heard() == "ready\n"
        if kill % 2:
            # The eighth begins only after others have ended, however slow the disk is.
            for _ in range(chance.randint(1, 8)):
                victim.heard()
            time.sleep(chance.uniform(0.0, 0.03))
        else:
            time.sleep(chance.uniform(0.0, 0.15))
        victim.killed()
        records = site.store.records()
        tasks = site.tasks()
        grown.add(len(tasks))
        unsettled += bool(pending(records))
        assert {name for name, one in records.items() if one.applied} <= set(tasks)
        assert set(tasks) <= {name for name, one in records.items() if one.applied or one.pending}
    assert unsettled >= 2, "the kills missed the moments that matter"
    assert len(grown) >= 4
    made = desired(site)
    assert site.run(made).exit_code == ExitCode.DONE
    assert site.stamps() == stamps(made)
    assert len(site.tasks()) == NUMBER
    assert not pending(site.store.records())
    assert site.plan(made).actions == ()
    assert list(site.project.verify()) == []
    backend = Faulty(site.project)
    assert site.run(made, backend).outcomes == []
    assert backend.calls == []
