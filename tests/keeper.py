"""Ends the programs that run in a folder, and removes it, once whoever made it has ended.

A test process that is killed stops nothing that it started: `postgres` goes into a session of its
own, and stays. So this runs beside it, as a program of its own: `python keeper.py PID FOLDER`.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PATIENCE = 10.0
"""Seconds that programs have to end by themselves: a server killed at once leaves shared memory."""


@contextmanager
def kept(folder: Path) -> Iterator[None]:
    """Has all that runs in a folder ended, and the folder removed, however this process ends."""
    command = [sys.executable, __file__, str(os.getpid()), str(folder)]
    # In a session of its own: what kills a group of processes would end the keeper as well.
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, cwd="/"):
        yield


def _wait_for_the_end(pid: int) -> None:
    """Returns when standard input is closed, or the process is gone.

    The pipe alone would not do: a child that was forked from the test process has its end too.
    """
    process = os.pidfd_open(pid)
    # Had it ended before that, the number may be another's by now.
    if os.getppid() == pid:
        select.select([process, sys.stdin], [], [])


def _end_all(folder: str) -> None:
    begun: dict[int, float] = {}
    # Again and again: `pg_ctl` may be about to start what was not there a moment ago.
    while found := list(running_in(folder)):
        for pid in found:
            late = time.monotonic() > begun.get(pid, time.monotonic()) + _PATIENCE
            if late or pid not in begun:
                begun.setdefault(pid, time.monotonic())
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL if late else signal.SIGQUIT)
        time.sleep(0.02)


def running_in(folder: str) -> Iterator[int]:
    """The processes whose working directory is the folder, or lies in it."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        # Other users' processes do not tell, and one may end while it is asked.
        with suppress(OSError):
            place = os.readlink(f"/proc/{name}/cwd")
            if place == folder or place.startswith(f"{folder}{os.sep}"):
                yield int(name)


if __name__ == "__main__":
    with suppress(ProcessLookupError):
        _wait_for_the_end(int(sys.argv[1]))
    _end_all(sys.argv[2])
    shutil.rmtree(sys.argv[2], ignore_errors=True)
