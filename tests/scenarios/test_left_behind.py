"""What a killed run leaves behind, and what the embedded project lost: told, and put right."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from rbsync.backends.local import LocalBackend
from rbsync.stores.sqlite import SqliteStore
from tests.builders import OWNER
from tests.scenarios.pictures import png
from tests.scenarios.project import Project

DAY = 86400
NO_CHANGES = "No changes. The project matches the manifest."


def blobs(project: Project) -> list[Path]:
    root = project.folder / ".rbsync/project/blobs"
    return sorted(one for one in root.rglob("*") if one.is_file())


def make_old(*files: Path) -> None:
    long_ago = time.time() - 2 * DAY
    for file in files:
        os.utime(file, (long_ago, long_ago))


def leave_behind(project: Project) -> list[Path]:
    """What kills leave: half a file that came in, a file without a datapoint, and drafts."""
    content = "blobs/xxh3/ab/" + "ab" * 16
    paths = [
        ".rbsync/project/blobs/incoming/0123",
        f".rbsync/project/{content}",
        ".rbsync/copy.db.new",
        ".rbsync/.rbsync-0123456789abcdef",
        ".rbsync/.clock-99999",
    ]
    return [project.write(path, b"half") for path in paths]


def test_what_a_kill_left_is_swept_by_the_next_apply_after_a_day(three: Project) -> None:
    three.apply()
    kept = blobs(three)
    left = leave_behind(three)
    three.write("images/d.png", png(9))
    assert three.apply().code == 0
    assert all(one.exists() for one in left)
    make_old(*left, *kept, three.folder / ".rbsync/swept")
    assert three.apply().last_line == NO_CHANGES
    assert not any(one.exists() for one in left)
    assert set(kept) < set(blobs(three))
    assert three.run("status").out.count("gone") == 0


def test_a_day_is_swept_once(three: Project) -> None:
    three.apply()
    left = leave_behind(three)
    make_old(*left)
    assert three.apply().last_line == NO_CHANGES
    assert all(one.exists() for one in left)


def test_state_collect_does_it_at_once_and_keeps_what_is_in_use(three: Project) -> None:
    three.apply()
    kept = blobs(three)
    three.write("images/c.png", png(77))
    three.apply()
    left = leave_behind(three)
    make_old(*left)
    ran = three.run("state", "collect")
    assert ran.code == 0, ran.err
    assert not any(one.exists() for one in left)
    assert three.run("status", "--json").json["lost"] == []
    # What c.png was before is what `undo` would put back.
    assert set(kept) <= set(blobs(three))
    assert three.run("state", "collect", "--json").json["files"] == 0


def test_without_a_history_what_was_replaced_goes(three: Project) -> None:
    three.apply("--history", "none")
    before = blobs(three)
    three.write("images/c.png", png(77))
    assert three.apply("--history", "none").code == 0
    ran = three.run("state", "collect")
    assert ran.last_line.startswith("1 file removed, ")
    assert len(blobs(three)) == len(before)


def test_a_lost_file_is_told_and_the_advice_brings_it_back(three: Project) -> None:
    three.apply()
    for one in blobs(three)[:1]:
        one.unlink()
    told = three.run("status")
    assert "files     1 stored file is gone, of images/" in told.out
    (lost,) = three.run("status", "--json").json["lost"]
    assert lost["reason"] == "missing"
    name = lost["name"]
    assert three.run("state", "rm", name).code == 0
    assert three.apply().code == 0
    assert three.run("status", "--json").json["lost"] == []
    assert three.run("plan").last_line == NO_CHANGES
    assert sorted(three.names()) == ["images/a.png", "images/b.png", "images/c.png"]


def test_a_stored_file_that_changed_is_found_by_reading(three: Project) -> None:
    three.apply()
    one = blobs(three)[0]
    one.chmod(0o600)
    one.write_bytes(b"something else")
    backend = LocalBackend(three.folder / ".rbsync/project")
    assert list(backend.lost()) == []
    assert [found.reason for found in backend.lost(reading=True)] == ["changed"]
    backend.close()


def test_status_tells_a_run_that_was_cut_off_and_its_dead_lock(three: Project) -> None:
    three.apply()
    note = {"user": "u", "host": "h", "pid": 1, "run": "r", "since": 0.0}
    three.write(".rbsync/state.db.owner", json.dumps(note))
    told = three.run("status")
    assert "lock      of a run that is dead, u@h, pid 1; the next run takes it" in told.out
    assert "interrupted: run `rbsync apply`" in told.out
    assert three.run("status", "--json").json["lock"]["dead"] is True
    three.write("images/d.png", png(8))
    assert three.apply().code == 0
    assert "interrupted" not in three.run("status").out


def test_status_tells_a_lock_that_is_held(three: Project) -> None:
    three.apply()
    with SqliteStore(three.folder / ".rbsync/state.db").writer(OWNER, timeout=0):
        told = three.run("status")
        assert "lock      held by " in told.out
        assert "interrupted" not in told.out
        assert three.run("status", "--json").json["lock"]["dead"] is False


def test_status_after_a_real_kill(three: Project) -> None:
    three.apply()
    three.write("images/d.png", png(8))
    owner = three.folder / ".rbsync/state.db.owner"
    assert not owner.exists()
    with closing(sqlite3.connect(three.folder / ".rbsync/project/project.db")) as held:
        # It gets no further than to its lock, however fast it is.
        held.execute("BEGIN IMMEDIATE")
        running = three.start("apply", "--yes")
        while not owner.exists():
            assert running.poll() is None
            time.sleep(0.005)
        running.send_signal(signal.SIGKILL)
        running.communicate()
    told = three.run("status")
    assert "interrupted: run `rbsync apply`" in told.out
    assert three.apply().code == 0
    assert "interrupted" not in three.run("status").out
    assert len(three.names()) == 4
