"""Bursts of files, whole trees at once, and a watch that is stopped meanwhile.

At the size of real life: ``RBSYNC_WATCH=full pytest -n0 -s tests/scenarios/test_watch_bursts.py``.
"""

from __future__ import annotations

import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.scenarios.pictures import png
from tests.scenarios.project import Project
from tests.scenarios.watching import FULL, MANIFEST, Running, watching

COUNT = 50_000 if FULL else 80
THREADS = 8
STOPPED = 20.0 if FULL else 0.0
QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")
MOST_MEMORY = 200 << 20
pytestmark = pytest.mark.timeout(0 if FULL else 120)


def write_many(root: Path, numbers: range) -> None:
    """Writes files into chains of folders of their own, some as a tree that is renamed in."""
    for number in numbers:
        folder = root / "images" / f"{number % 50}" / f"{number // 1000}" / "deep" / "deeper"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.png").write_bytes(png(number))


def write_tree(root: Path, numbers: range) -> None:
    tree = root / f"tree{numbers.start}"
    for number in numbers:
        folder = tree / f"{number % 7}" / "a"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.png").write_bytes(png(number))
    tree.rename(root / "images" / tree.name)


def memory(running: Running) -> int:
    """The most memory that the watch has had so far."""
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) << 10


def overflow(folder: Path) -> None:
    """Raises more events than the system keeps for a watch that does not read them."""
    for number in range(int(QUEUE.read_text()) // 2 + 1000):
        os.close(os.open(folder / f"{number % 2}.txt", os.O_WRONLY | os.O_CREAT))
        os.unlink(folder / f"{number % 2}.txt")


def test_a_burst_while_the_watch_is_stopped_is_found_to_the_last_file(tmp_path: Path) -> None:
    project = Project(tmp_path / "data")
    project.manifest(MANIFEST)
    project.write("images/first.png", png(1 << 23))
    share = COUNT // THREADS
    with watching(project) as running:
        with ThreadPoolExecutor(THREADS) as pool:
            starts = [number * share for number in range(THREADS)]
            for number, start in enumerate(starts):
                write = write_tree if number % 4 == 3 else write_many
                pool.submit(write, project.folder, range(start, start + share))
            running.process.send_signal(signal.SIGSTOP)
            time.sleep(STOPPED)
        overflow(project.folder / "images")
        running.process.send_signal(signal.SIGCONT)
        # Without a flush: what was missed must be found by the watch itself.
        running.until(lambda: len(running.counted()) >= COUNT + 1)
        assert running.flush() == 0
        most = memory(running)
    assert set(running.counted().values()) == {1}
    assert len(running.counted()) == COUNT + 1
    assert running.messages() == []
    print(f"{COUNT:,} files, each created once; at most {most >> 20} MiB")
    assert most <= MOST_MEMORY
