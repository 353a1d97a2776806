"""What tests start in a folder ends with them, also when they are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import postgres_server
from tests.keeper import running_in

ROOT = Path(__file__).parents[1]
SCRIPT = """
import tempfile, time
from tests import postgres_server
made = tempfile.mkdtemp
tempfile.mkdtemp = lambda **kinds: (folder := made(**kinds), print(folder, flush=True))[0]
with postgres_server.started() as server, server.pooled("session"):
    print("started", flush=True)
    time.sleep(60)
"""
SECONDS = 30


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def programs(folder: str) -> set[str]:
    """The names of what runs in a folder."""
    found = set()
    for pid in running_in(folder):
        with open(f"/proc/{pid}/comm") as file:
            found.add(file.read().strip())
    return found


@pytest.mark.parametrize("seconds", [None, 0.05, 0.6])
def test_a_database_and_its_pooler_end_when_the_tests_are_killed(seconds: float | None) -> None:
    """Once they run, and while they are made."""
    # Where there is none, this skips the test.
    postgres_server.programs()
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as tests:  # fmt: skip
        assert tests.stdout is not None
        folder = tests.stdout.readline().strip()
        if seconds is None:
            assert tests.stdout.readline() == "started\n"
            assert {"postgres", "pgbouncer"} <= programs(folder)
        else:
            until(lambda: list(running_in(folder)))
            time.sleep(seconds)
        # All of its group, as a job's time limit does.
        os.killpg(tests.pid, signal.SIGKILL)
    until(lambda: not list(running_in(folder)) and not os.path.exists(folder))
