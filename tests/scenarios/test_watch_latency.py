"""The time from a finished file to its task, and the cost of a watch that has nothing to do.

At the size of real life: ``RBSYNC_WATCH=full pytest -n0 -s tests/scenarios/test_watch_latency.py``.
"""

from __future__ import annotations

import os
import re
import select
import statistics
import time
from pathlib import Path

import pytest

from tests.scenarios.pictures import png
from tests.scenarios.project import Project
from tests.scenarios.watching import FULL, MANIFEST, Running, watching

FILES = 100_000 if FULL else 60
FOLDERS = 200 if FULL else 3
ROUNDS = 40 if FULL else 3
IDLE = 120.0 if FULL else 0.5
SETTLE = 2.0 if FULL else 0.1
LATER = 0.5
"""Seconds after the settle time at which half of the files are to be at the project."""

pytestmark = pytest.mark.timeout(0 if FULL else 60)


@pytest.fixture
def filled(tmp_path: Path) -> Project:
    project = Project(tmp_path / "data")
    project.manifest(MANIFEST)
    for number in range(FILES):
        file = project.folder / "images" / str(number % FOLDERS) / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(png(number))
    assert project.apply("-q").code == 0
    return project


def seconds_of(pid: int) -> float:
    """The processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def reads_of(pid: int) -> tuple[int, int]:
    """The calls that read, and the bytes that came from a disk."""
    text = Path(f"/proc/{pid}/io").read_text()
    found = dict(re.findall(r"(\w+): (\d+)", text))
    return int(found["syscr"]), int(found["read_bytes"])


def at_rest(pid: int) -> tuple[int, int]:
    """The reads of a process that has come to rest: after a flush it may read its last event."""
    # What it makes of that event may follow by a settle.
    now, since = reads_of(pid), time.monotonic()
    while time.monotonic() - since < SETTLE + LATER:
        time.sleep(0.1)
        before, now = now, reads_of(pid)
        since = since if now == before else time.monotonic()
    return now


def latency(running: Running, number: int) -> float:
    """The seconds from the end of a write to the end of its task's creation."""
    name = f"images/{number % FOLDERS}/new{number}.png"
    place = running.project.folder / name
    place.write_bytes(png(1_000_000 + number))
    begun = time.monotonic()
    running.until(lambda: ("create", name) in running.counted())
    return time.monotonic() - begun


def test_a_finished_file_is_soon_at_the_project_and_rest_costs_nothing(filled: Project) -> None:
    with watching(filled, "--settle", str(SETTLE)) as running:
        assert running.flush() == 0
        taken = sorted(latency(running, number) for number in range(ROUNDS))
        assert running.flush() == 0
        pid = running.process.pid
        with open("/proc/self/mounts", "rb") as mounts:
            table = select.poll()
            table.register(mounts, select.POLLPRI)
            is_disturbed = True
            # A disk that another test mounts meanwhile has the watch read the table of mounts.
            while is_disturbed:
                table.poll(0)
                reads, before, begun = at_rest(pid), seconds_of(pid), time.monotonic()
                time.sleep(IDLE)
                share = (seconds_of(pid) - before) / (time.monotonic() - begun)
                after = reads_of(pid)
                is_disturbed = bool(table.poll(0))
        assert after == reads
    median = statistics.median(taken)
    print(
        f"{FILES:,} files: median {median:.2f} s, all but one in ten {taken[-ROUNDS // 10]:.2f} s"
    )
    print(f"idle for {IDLE:g} s: {100 * share:.2f} % of a processor, no reads")
    if FULL:
        assert median <= SETTLE + LATER
        assert share <= 0.005
