"""One writer at a time: a lock of the operating system, and a note of who holds it.

The lock alone decides, and frees itself when its holder dies. The note beside it is for people.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict

from rbsync.stores.base import Owner
from rbsync.stores.refusals import locked

POLL_SECONDS = 0.05


class StateLock:
    """The lock of the state at a path: ``PATH.lock``, and ``PATH.owner`` while it is held."""

    def __init__(self, path: str) -> None:
        self._lock = path + ".lock"
        self._note = path + ".owner"

    @contextmanager
    def held(self, owner: Owner, timeout: float) -> Iterator[None]:
        """Holds the lock, waiting up to ``timeout`` seconds for it; Ctrl-C ends the waiting.

        Raises LockedError, which names the present owner, and OSError when the files cannot be
        written.
        """
        # Readers, who never lock, are spared the import.
        import filelock

        lock = filelock.FileLock(self._lock, thread_local=False)
        try:
            lock.acquire(timeout=max(timeout, 0), poll_interval=POLL_SECONDS)
        except filelock.Timeout:
            raise locked(self.owner()) from None
        try:
            self._write(owner)
            yield
        finally:
            self._remove(owner)
            lock.release()

    def owner(self) -> Owner | None:
        """Who holds the lock, or held it when a machine or a process died; None when nobody."""
        try:
            with open(self._note, encoding="utf-8") as file:
                return Owner(**json.load(file))
        except (OSError, ValueError, TypeError):
            return None

    def break_open(self) -> None:
        """Takes the lock from its holder, who keeps a file that no longer has a name."""
        for path in (self._note, self._lock):
            with suppress(FileNotFoundError):
                os.remove(path)

    def _write(self, owner: Owner) -> None:
        draft = self._note + ".new"
        with open(draft, "w", encoding="utf-8") as file:
            json.dump(asdict(owner), file)
        os.replace(draft, self._note)

    def _remove(self, owner: Owner) -> None:
        # After the lock was taken away the note is the next owner's.
        if self.owner() == owner:
            with suppress(OSError):
                os.remove(self._note)
