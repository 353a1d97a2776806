"""Sight: folders in which something may have changed, by events, or by polling where none come.

Events get lost, come late and tell half of what happened. So none is believed: each only makes the
next look come sooner, and a look lists the folders itself.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from typing import Protocol

from rbsync.watcher.announcing import Announcer
from rbsync.watcher.disks import mounted_below, shared_kind
from rbsync.watcher.inotify import Inotify, is_available
from rbsync.watcher.listings import WatchedListings
from rbsync.watcher.own_files import OwnFiles

_LIMITS = {
    errno.ENOSPC: ("the limit of watched folders is reached", "fs.inotify.max_user_watches"),
    errno.EMFILE: ("the limit of watching programs is reached", "fs.inotify.max_user_instances"),
}
_LEAST_LIMIT = 524_288


class Events(Protocol):
    """Hears of changes in folders."""

    tells_folders: bool
    """Each event names the folder in which something happened."""

    def watch(self, folders: Iterable[str]) -> set[str]:
        """Watches these folders alone, and returns which of them are new. Raises OSError."""

    def is_alive(self) -> bool:
        """Tells whether events still come."""

    def close(self) -> None:
        """Stops watching."""


class Sight:
    """Watches what looks have listed, or says that it cannot; safe from any thread."""

    def __init__(
        self,
        root: str,
        own: OwnFiles,
        listings: WatchedListings,
        announcer: Announcer,
        changed: Callable[[], None],
    ) -> None:
        """``changed`` is called by another thread when something may have changed."""
        self._root, self._own, self._listings = root, own, listings
        self._announcer, self._changed = announcer, changed
        self._events: Events | None = None
        self._disks = mounted_below(root)
        self.polls = False
        """No events are to be had."""

    def watch(self, folders: Iterable[str]) -> bool:
        """Watches the folders that a look has listed; True when one of them is new.

        What changed in a new one before it was watched raised no event.
        """
        if self.polls:
            return False
        wanted = with_parents(folders)
        if kind := self._shared(wanted):
            self._give_up(f"a folder lies on {kind}, whose changes raise no events")
            return False
        try:
            if self._events is None:
                self._events = self._opened()
            return self._watch(self._events, wanted)
        except OSError as error:
            self._give_up(*limit_of(error))
            return False

    def _watch(self, events: Events, wanted: set[str]) -> bool:
        new = events.watch(wanted)
        for folder in new:
            self._listings.changed(folder)
        if events.tells_folders:
            self._listings.watch(wanted)
        return bool(new)

    def check(self) -> None:
        """Gives up on events that come no more."""
        if self._events is not None and not self._events.is_alive():
            self._give_up("watching the folders has ended")

    def close(self) -> None:
        """Stops watching."""
        events, self._events = self._events, None
        if events is not None:
            events.close()

    def _opened(self) -> Events:
        if is_available():
            return Inotify(self._root, self._hint, self._hint_all, self._mounted)
        from rbsync.watcher.whole_trees import WholeTrees

        return WholeTrees(self._root, self._own, self._hint_all)

    def _hint(self, folder: str, names: Collection[str]) -> None:
        place = os.path.join(self._root, folder)
        if not all(self._own.has(os.path.join(place, name)) for name in names):
            self._listings.changed(folder)
            self._changed()

    def _hint_all(self) -> None:
        self._listings.all_changed()
        self._changed()

    def _mounted(self) -> None:
        # Containers and desktops mount all the time, and elsewhere.
        now = mounted_below(self._root)
        if now != self._disks:
            self._disks = now
            self._hint_all()

    def _shared(self, folders: Collection[str]) -> str:
        """The kind of a disk whose writers may be on other machines; empty for none."""
        tops = {one if os.path.isabs(one) else one.split("/", 1)[0] for one in folders}
        kinds = (shared_kind(os.path.join(self._root, one)) for one in sorted(tops))
        return next(filter(None, kinds), "")

    def _give_up(self, why: str, hint: str = "") -> None:
        self.close()
        # Listings without events would be believed for ever.
        self._listings.watch(())
        self.polls = True
        self._announcer.say("polling", f"{why}: polling instead", hint)


def with_parents(paths: Iterable[str]) -> set[str]:
    """The folders to watch for paths that a look asked for: they, and all on the way to them.

    A folder that is moved away raises an event in its parent alone, and so does a file that was
    read, or that is not there yet.
    """
    found = {""}
    for one in paths:
        path = one
        if os.path.isabs(path) or path.startswith(".."):
            found |= {path, os.path.dirname(path)}
            continue
        while path not in found:
            found.add(path)
            path = os.path.dirname(path)
    return found


def limit_of(error: OSError) -> tuple[str, str]:
    """The reason that folders cannot be watched, and what to do about it."""
    message, name = _LIMITS.get(error.errno or 0, (error.strerror or str(error), ""))
    if not name:
        return message, ""
    # A limit that is reached today is too small for the folder that comes tomorrow.
    value = max(2 * _current(name), _LEAST_LIMIT if error.errno == errno.ENOSPC else 256)
    return message, f"raise it: sysctl -w {name}={value}"


def _current(name: str) -> int:
    with suppress(OSError, ValueError), open(f"/proc/sys/{name.replace('.', '/')}") as file:
        return int(file.read())
    return 0
