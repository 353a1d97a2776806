"""One watcher a state: a lock that is held as long as the watcher runs."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from rbsync.errors import LockedError

_FILE = "watch.lock"


@contextmanager
def alone(folder: str) -> Iterator[None]:
    """Raises LockedError when another watcher runs for the state in a folder."""
    descriptor = os.open(os.path.join(folder, _FILE), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            who = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            message = f"another watcher runs for this state, pid {who}"
            hint = "`rbsync watch --flush` asks it to apply all that is there"
            raise LockedError(message, hint=hint) from error
        # A pid of fewer digits would else end in digits of the one before.
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)
