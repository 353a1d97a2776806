"""The listings of folders of which events tell when they change.

A look at a hundred thousand files then lists only the folders in which something happened.
"""

from __future__ import annotations

import threading
from collections.abc import Collection

from rbsync.files.listing import Listing

MOST_FILES = 500_000
"""Files of which listings are kept; each takes about 150 bytes."""


class WatchedListings:
    """Keeps the listings of watched folders; any thread may say that one changed.

    Satisfies ``KnownListings``.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Listing] = {}
        self._watched: frozenset[str] = frozenset()
        self._changes = 0
        self._changed: dict[str, int] = {}
        self._all_changed = 0
        self._files = 0

    def get(self, folder: str) -> Listing | None:
        """A listing that is still true; None where nobody knows that."""
        with self._lock:
            return self._kept.get(folder)

    def begin(self, folder: str) -> int:  # noqa: ARG002
        """Notes that a folder is about to be listed."""
        with self._lock:
            return self._changes

    def put(self, folder: str, listing: Listing, begun: int) -> None:
        """Takes the listing of a folder, unless it changed while it was listed."""
        with self._lock:
            last = max(self._changed.get(folder, 0), self._all_changed)
            # A folder that was not watched when it was listed may have changed unseen.
            if folder in self._watched and last <= begun and self._has_room(listing):
                self._kept[folder] = listing

    def _has_room(self, listing: Listing) -> bool:
        self._files += len(listing.names)
        return self._files <= MOST_FILES

    def watch(self, folders: Collection[str]) -> None:
        """These folders are watched from now on, and no others."""
        with self._lock:
            self._watched = frozenset(folders)
            self._kept = {one: self._kept[one] for one in self._kept.keys() & self._watched}
            self._files = sum(len(one.names) for one in self._kept.values())

    def changed(self, folder: str) -> None:
        """Something happened in a folder."""
        with self._lock:
            self._changes += 1
            self._changed[folder] = self._changes
            gone = self._kept.pop(folder, None)
            self._files -= len(gone.names) if gone else 0

    def all_changed(self) -> None:
        """Something may have happened anywhere."""
        with self._lock:
            self._changes += 1
            self._all_changed = self._changes
            # The time of all covers them. Folders that are gone would else pile up for months.
            self._changed.clear()
            self._kept.clear()
            self._files = 0
