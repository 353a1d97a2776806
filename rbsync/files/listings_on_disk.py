"""The listings of a run by their folders; of those that nobody needs now only the place on disk."""

from __future__ import annotations

import errno
import os
import weakref
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate, pairwise
from typing import NamedTuple

from rbsync.files.cache import Row
from rbsync.files.file_facts import UNSEEN
from rbsync.files.listing import Listing

LEAST = 64
"""Files of a folder that is worth a place on disk."""

FEW = 1 << 14
"""Files that stay in memory: most plans put nothing away, and make no file. So does a watch of one
folder, however many files it has."""


class _Place(NamedTuple):
    """The place of a listing: the ends of its parts in bytes, after its begin; and its folders."""

    ends: tuple[int, ...]
    folders: list[str]


class Listings(Mapping[str, Listing]):
    """Listings, each an object for as long as somebody needs it.

    What is known of a million files are 60 MB, of which a first plan needs one folder at a time.
    The file of what was put away has no name, and is gone with the process.
    """

    def __init__(self) -> None:
        self._here: dict[str, Listing] = {}
        self._away: dict[str, _Place] = {}
        self._idle: dict[str, int] = {}
        """Folders that nobody needs for now, and how many files each has; the newest comes last."""
        self._file = -1
        self._closing: Callable[[], object] | None = None
        self._end = 0

    def __getitem__(self, folder: str) -> Listing:
        found = self._here.get(folder)
        if found is None:
            found = self._here[folder] = self.glimpse(folder)
        return found

    def __setitem__(self, folder: str, listing: Listing) -> None:
        self._here[folder] = listing

    def __contains__(self, folder: object) -> bool:
        return folder in self._here or folder in self._away

    def __iter__(self) -> Iterator[str]:
        yield from self._here.keys() | self._away.keys()

    def __len__(self) -> int:
        return len(self._here.keys() | self._away.keys())

    def glimpse(self, folder: str) -> Listing:
        """The listing of a folder, to be looked at and not changed: where it lies it stays."""
        return self._here.get(folder) or self._read(folder, self._away[folder])

    def is_away(self, folder: str) -> bool:
        """Tells whether the listing of a folder is on disk alone: all of its files were read."""
        return folder in self._away and folder not in self._here

    def have_links(self) -> bool:
        """Tells whether there is a symbolic link in any of the folders."""
        return any(one.links for one in self._here.values())

    def has_changed(self, folder: str) -> None:
        """Takes note that more is known of a folder now, or less."""
        self._away.pop(folder, None)

    def put_away(self, folder: str) -> None:
        """Takes note that nobody needs a listing for now.

        Where there are many such ones, those that were not needed for longest are left to the disk
        until somebody asks for them.
        """
        found = self._here.get(folder)
        if found is None:
            return
        found.forget_names()
        self._idle.pop(folder, None)
        if found.count >= LEAST:
            self._idle[folder] = found.count
        while len(self._idle) > 1 and sum(self._idle.values()) > FEW:
            self._leave(next(iter(self._idle)))

    def _leave(self, folder: str) -> None:
        del self._idle[folder]
        found = self._here.get(folder)
        # Of files that nobody has read more is to come, and links are asked for again and again.
        if found is None or found.links or found.odd or UNSEEN in found.kinds:
            return
        if folder in self._away or self._write(found):
            del self._here[folder]

    def _write(self, listing: Listing) -> bool:
        """Writes a listing behind the others; tells whether the disk took it."""
        parts = Row.of(listing)
        try:
            if self._file < 0:
                self._open()
            written = os.pwrite(self._file, b"".join(parts), self._end)
        # In memory it takes more room, and is none the worse.
        except OSError:
            return False
        ends = tuple(accumulate(map(len, parts), initial=self._end))
        if written < ends[-1] - self._end:
            return False
        self._away[listing.path] = _Place(ends, listing.folders)
        self._end = ends[-1]
        return True

    def _open(self) -> None:
        # Loaded for many files alone.
        from tempfile import TemporaryFile

        with TemporaryFile() as made:
            self._file = os.dup(made.fileno())
        # A tree that nobody closes must not keep it until the end of a watch.
        self._closing = weakref.finalize(self, os.close, self._file)

    def close(self) -> None:
        """Gives up the file, after which nobody may ask for what was put away."""
        if self._closing:
            self._closing()

    def _read(self, folder: str, place: _Place) -> Listing:
        begin, *_, end = place.ends
        data = os.pread(self._file, end - begin, begin)
        # Half a listing would be a folder of which files are gone.
        if len(data) < end - begin:
            raise OSError(errno.EIO, os.strerror(errno.EIO), folder)
        row = Row(*(data[one - begin : other - begin] for one, other in pairwise(place.ends)))
        found = row.listing(folder)
        found.folders = place.folders
        return found
