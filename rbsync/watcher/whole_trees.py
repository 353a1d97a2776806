"""Hints of other systems than Linux, by watchdog: whole trees are watched, any event is for all."""

from __future__ import annotations

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
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from rbsync.watcher.own_files import OwnFiles

# Not the events of opening and reading: our own reading would raise them, and look follow look.
_EVENTS: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
]
_LOGGER = "watchdog"


class _Overflows(logging.Handler):
    """Hears the observer say that events were lost, which it says only in its log."""

    def __init__(self, lost: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._lost = lost

    def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002  (as logging has it)
        self._lost()


class WholeTrees(FileSystemEventHandler):
    """Watches the trees that folders lie in; threads of the observer call back."""

    tells_folders = False

    def __init__(self, root: str, own: OwnFiles, hint_all: Callable[[], None]) -> None:
        """``own`` are the files that the watch itself writes."""
        self._root, self._own, self._hint_all = root, own, hint_all
        self._observer: BaseObserver | None = None
        self._watched: frozenset[str] = frozenset()
        self._handler = _Overflows(hint_all)
        logging.getLogger(_LOGGER).addHandler(self._handler)

    def dispatch(self, event: FileSystemEvent) -> None:
        """Called by the observer for each event."""
        paths = [os.fsdecode(path) for path in (event.src_path, event.dest_path) if path]
        if not all(map(self._own.has, paths)):
            self._hint_all()

    def watch(self, folders: Iterable[str]) -> set[str]:
        """Watches what the folders lie in, and returns those trees if they are new.

        Raises OSError when the system does not allow it.
        """
        wanted = bases(folders)
        # A new observer loses what happens while it starts, so that it is not made for each look.
        if wanted == self._watched and self.is_alive():
            return set()
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
        return set(wanted)

    def is_alive(self) -> bool:
        """Tells whether events still come: the threads of the observer run."""
        observer = self._observer
        return (
            observer is not None
            and observer.is_alive()
            and all(one.is_alive() for one in observer.emitters)
        )

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
