"""Hints from the system: something may have changed in a folder. They say when to look, not what.

Events get lost, come late and tell half of what happened. So none is believed: each only makes the
next look come sooner, and a look lists the folders themselves.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable, Iterable
from contextlib import suppress

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from rbsync.trust.places import PRIVATE_FOLDERS

# Not the events of opening and reading: our own reading would raise them, and look follow look.
# Nor that of each write: the close says it once.
_EVENTS: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
]
_LOGGER = "watchdog"

LIMITS = {
    errno.ENOSPC: ("the limit of watched folders is reached", "fs.inotify.max_user_watches"),
    errno.EMFILE: ("the limit of watching programs is reached", "fs.inotify.max_user_instances"),
}


class _Overflows(logging.Handler):
    """Hears the observer say that events were lost, which it says only in its log."""

    def __init__(self, lost: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._lost = lost

    def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002  (as logging has it)
        self._lost()


class Hints(FileSystemEventHandler):
    """Watches folders and calls ``wake`` with each hint, and ``lost`` when some were lost.

    Both are called by threads of their own.
    """

    def __init__(
        self,
        root: str,
        wake: Callable[[], None],
        lost: Callable[[], None],
        own: str = "",
    ) -> None:
        """``own`` is a file that the watcher itself writes, and what begins with its name."""
        self._own = own
        self._root, self._wake = root, wake
        self._observer: BaseObserver | None = None
        self._watched: frozenset[str] = frozenset()
        self._handler = _Overflows(lost)
        logging.getLogger(_LOGGER).addHandler(self._handler)

    def dispatch(self, event: FileSystemEvent) -> None:
        """Called by the observer for each event."""
        paths = [os.fsdecode(path) for path in (event.src_path, event.dest_path) if path]
        if any(map(self._is_of_others, paths)):
            self._wake()

    def _is_of_others(self, path: str) -> bool:
        # What the watcher writes must not make it look, or it would never come to rest.
        if self._own and path.startswith(self._own):
            return False
        return PRIVATE_FOLDERS.isdisjoint(self._below(path).split("/"))

    def _below(self, path: str) -> str:
        # A folder named so above the manifest's must not silence all events.
        return path[len(self._root) :] if path.startswith(self._root) else path

    def watch(self, folders: Iterable[str]) -> bool:
        """Watches what the folders, which a look has listed, lie in; True when that is new.

        Raises OSError when the system does not allow it.
        """
        wanted = bases(folders)
        if wanted == self._watched and self.is_alive():
            return False
        self._stop_observer()
        observer = Observer()
        self._observer = observer
        observer.start()
        for base in sorted(wanted):
            # One that is not there yet shows by an event of the folder that it will be in.
            with suppress(FileNotFoundError, NotADirectoryError):
                place = os.path.join(self._root, base)
                observer.schedule(self, place, recursive=bool(base), event_filter=_EVENTS)
        self._watched = wanted
        return True

    def is_alive(self) -> bool:
        """Tells whether events still come: the threads of the observer run."""
        observer = self._observer
        return observer is not None and observer.is_alive() and _all_alive(observer)

    def has_ended(self) -> bool:
        """Tells whether folders were watched, and no events come any more."""
        return self._observer is not None and not self.is_alive()

    def close(self) -> None:
        """Stops watching."""
        logging.getLogger(_LOGGER).removeHandler(self._handler)
        self._stop_observer()

    def _stop_observer(self) -> None:
        observer, self._observer = self._observer, None
        self._watched = frozenset()
        if observer is not None:
            observer.stop()
            observer.join()


def _all_alive(observer: BaseObserver) -> bool:
    return all(one.is_alive() for one in observer.emitters)


def bases(folders: Iterable[str]) -> frozenset[str]:
    """The folders to watch with all below them, and the manifest's own (empty) without that.

    Of the manifest's folder only what a look went into: environments and caches beside the data
    would use up the system's limit of watches.
    """
    found = {""}
    for folder in folders:
        if os.path.isabs(folder) or folder.startswith(".."):
            found.add(folder)
        elif folder:
            found.add(folder.split("/", 1)[0])
    return frozenset(found)


def limit_of(error: OSError) -> tuple[str, str]:
    """The reason that folders cannot be watched, and what to do about it."""
    message, name = LIMITS.get(error.errno or 0, (error.strerror or str(error), ""))
    if not name:
        return message, ""
    value = _current(name)
    return message, f"raise it: sysctl -w {name}={2 * value if value else 524288}"


def _current(name: str) -> int:
    with suppress(OSError, ValueError), open(f"/proc/sys/{name.replace('.', '/')}") as file:
        return int(file.read())
    return 0
