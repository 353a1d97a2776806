"""A file lease, asked for and dropped at once: the kernel's word on whether anybody writes."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
from contextlib import suppress
from typing import Literal

Answer = Literal["free", "writer", "unknown"]
"""``unknown``: the file is another's, or its file system has no leases."""


def expect_signals() -> None:
    """Lets the kernel tell that a lease is broken; without this its signal ends the program.

    A writer may open a file between the two calls of a probe. Must be called in the main thread.
    """
    if hasattr(signal, "SIGIO"):
        signal.signal(signal.SIGIO, signal.SIG_IGN)


def probe(descriptor: int) -> Answer:
    """Tells whether a file is open for writing, or mapped so that it can be written.

    The descriptor is open for reading only. The lease is never held: a writer's open would wait.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return "unknown"
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        # Also where another program has a lease, such as Samba for one of its clients.
        return "writer" if error.errno == errno.EAGAIN else "unknown"
    with suppress(OSError):
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return "free"


def holder(path: str) -> int | None:
    """The process that has a file open for writing, as far as this one may see; None for none."""
    try:
        wanted = os.stat(path)
        processes = [one for one in os.listdir("/proc") if one.isdigit()]
    except OSError:
        return None
    return next((int(one) for one in processes if _writes(one, wanted)), None)


def _writes(process: str, wanted: os.stat_result) -> bool:
    folder = f"/proc/{process}/fd"
    try:
        for name in os.listdir(folder):
            found = os.stat(f"{folder}/{name}")
            if os.path.samestat(found, wanted) and os.lstat(f"{folder}/{name}").st_mode & 0o200:
                return True
    except OSError:
        # Another's process, or one that has just ended.
        return False
    return False
