"""The content of a tree's files: hashed in chunks by several workers, each version once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rbsync.files.cache import Cache
from rbsync.files.file_facts import DIGEST_SIZE, Hashed, Stat
from rbsync.files.listing import FIELDS, UNSEEN, Listing, unseen
from rbsync.files.readiness import NotReadyError
from rbsync.files.roots import Roots
from rbsync.model.fingerprint import Algorithm

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from rbsync.files.hashing import Progress

    _Running = dict[Future[list[Hashed | OSError]], tuple[str, list[int]]]

# A file that changed less than this many ns before it was read may change again unseen.
RACY = 3_000_000_000

PULSE = 1.0
"""Seconds after which whoever watches is told that reading goes on."""

CHUNK_FILES = 512
CHUNK_BYTES = 64 << 20
IN_FLIGHT = 16
# Larger ones are hashed for longer than the calls take by which each is read.
SMALL = 128 << 10
FEW = 4
"""Small files that are read sooner than they are handed to a thread: a watch has mostly one."""

MOST_UNFINISHED = 100
"""Files that are not finished up to which the rest is planned without looking at it again."""


class Place(NamedTuple):
    """The true place of a file: the folder that lists it, and its name there."""

    folder: str
    name: str

    def __str__(self) -> str:
        return f"{self.folder}/{self.name}" if self.folder else self.name


Folders = Sequence[tuple[str, str]]
"""Folders that were listed, with the names of many of their files joined by NUL."""


class TreeHashing:
    """Hashes files of folders that were listed, and enters what it read into their listings.

    ``racy`` are the files, by folder and index, that may have changed unseen since they were
    read; ``has_missed`` tells that one that is finished could not be read.
    """

    def __init__(
        self,
        roots: Roots,
        listings: Mapping[str, Listing],
        algorithm: Algorithm,
        cache: Cache,
        touched: Callable[[str], None],
    ) -> None:
        """``cache`` knows the disk's clock; ``touched`` gets each folder in which it read."""
        self._roots = roots
        self._listings = listings
        self._algorithm: Algorithm = algorithm
        self._cache = cache
        self._touched = touched
        self._times: dict[str, dict[str, tuple[int, int]]] = {}
        self.racy: dict[str, set[int]] = {}
        self.has_missed = False
        self._unfinished = 0

    def hash(
        self,
        places: Iterable[Place],
        readers: Callable[[], Executor],
        progress: Progress,
        folders: Folders = (),
    ) -> dict[Place, OSError]:
        """Hashes those of the files that are not known, and says which could not be read.

        ``readers`` makes those who read, where the files are more than a few.
        """
        # Most plans find every file known, and load none of what reads them.
        from rbsync.files.hashing import hash_files, hash_small_files

        errors: dict[Place, OSError] = {}
        running: _Running = {}
        few = FEW
        try:
            for folder, indices in self._chunks(places, folders):
                listing = self._listings[folder]
                some = [listing.names[index] for index in indices]
                largest = max(listing.stats[index * FIELDS] for index in indices)
                if largest <= SMALL and len(some) <= few:
                    few -= len(some)
                    answers = hash_small_files(self._roots, folder, some, self._algorithm)
                    self._enter(folder, indices, answers, errors, progress)
                    continue
                work = hash_small_files if largest <= SMALL else hash_files
                task = readers().submit(work, self._roots, folder, some, self._algorithm)
                running[task] = (folder, indices)
                # A million files in the executor's queue are a million objects.
                while len(running) >= IN_FLIGHT:
                    self._collect(running, errors, progress)
            while running:
                self._collect(running, errors, progress)
        finally:
            for task in running:
                # Ctrl-C must not wait for gigabytes that are hashed for nobody.
                task.cancel()
        return errors

    def total(self, places: Iterable[Place], folders: Folders = ()) -> tuple[int, int]:
        """Returns how many files and bytes `hash` would read."""
        files = size = 0
        for folder, indices in self._chunks(places, folders):
            sizes = self._listings[folder].stats[:: len(Stat._fields)]
            files += len(indices)
            size += sum(sizes[index] for index in indices)
        return files, size

    def newest(self, folder: str) -> int:
        """Returns when a file of a folder that was listed last changed (ns); 0 without files."""
        stats = self._listings[folder].stats
        mtimes, ctime = stats[1::4], max(stats[2::4], default=0)
        # A camera with a wrong clock dates files in years to come: nobody changed them then.
        now = max(time.time_ns(), ctime)
        mtime = max(mtimes, default=0)
        if mtime > now:
            mtime = max((one for one in mtimes if one <= now), default=0)
        return max(mtime, ctime)

    def changed(self, place: Place) -> tuple[int, int]:
        """Returns when a file of a folder that was listed changed: mtime and ctime (ns)."""
        known = self._times.get(place.folder)
        if known is None:
            listing = self._listings[place.folder]
            pairs = zip(listing.stats[1::4], listing.stats[2::4], strict=True)
            known = dict(zip(listing.names, pairs, strict=True))
            self._times[place.folder] = known
        return known[place.name]

    def is_racy(self, stat: Stat, read_at: int) -> bool:
        """Tells whether a file that was read at a time (ns) may change again unseen."""
        return max(stat.mtime, stat.ctime) > read_at + self._cache.clock_offset - RACY

    def _chunks(self, places: Iterable[Place], folders: Folders) -> Iterator[tuple[str, list[int]]]:
        """Yields folders with the indices of files that have to be read, a worker's task each."""
        for folder, indices in self._unseen(places, folders):
            sizes = self._listings[folder].stats[:: len(Stat._fields)]
            chunk: list[int] = []
            size = 0
            for index in indices:
                chunk.append(index)
                size += sizes[index]
                if len(chunk) >= CHUNK_FILES or size >= CHUNK_BYTES:
                    yield folder, chunk
                    chunk, size = [], 0
            if chunk:
                yield folder, chunk

    def _unseen(self, places: Iterable[Place], folders: Folders) -> Iterator[tuple[str, list[int]]]:
        single: dict[str, set[str]] = {}
        for place in places:
            single.setdefault(place.folder, set()).add(place.name)
        many: dict[str, list[str]] = {}
        for folder, joined in folders:
            many.setdefault(folder, []).append(joined)
        for folder, some in many.items():
            listing = self._listings[folder]
            names = single.pop(folder, set())
            # Nothing is unseen of most folders, and no name is made an object to see that.
            if UNSEEN in listing.kinds:
                names = names.union(*(one.split("\0") for one in some))
                yield folder, unseen(listing, sorted(names))
                listing.forget_names()
        for folder, names in single.items():
            yield folder, unseen(self._listings[folder], sorted(names))

    def _collect(self, running: _Running, errors: dict[Place, OSError], progress: Progress) -> None:
        from concurrent.futures import FIRST_COMPLETED, wait

        done, _ = wait(running, timeout=PULSE, return_when=FIRST_COMPLETED)
        if not done:
            # One file of a hundred gigabytes takes minutes, in which nothing would be heard.
            progress(0, 0)
        for task in done:
            folder, indices = running.pop(task)
            self._enter(folder, indices, task.result(), errors, progress)

    def _enter(
        self,
        folder: str,
        indices: Sequence[int],
        answers: Sequence[Hashed | OSError],
        errors: dict[Place, OSError],
        progress: Progress,
    ) -> None:
        """Takes in what came of some files of a folder."""
        size = 0
        for index, answer in zip(indices, answers, strict=True):
            if isinstance(answer, OSError):
                # What is not finished bars its datapoint, which is looked at again the next time.
                # One slow writer must not have a watch of 100,000 files plan them all. Of a burst
                # whole folders are planned in less memory than each of its files by itself.
                is_unfinished = isinstance(answer, NotReadyError)
                self._unfinished += is_unfinished
                self.has_missed |= not is_unfinished or self._unfinished > MOST_UNFINISHED
                errors[Place(folder, self._listings[folder].names[index])] = answer
            else:
                self._take(folder, index, answer)
                size += answer.stat.size
        self._touched(folder)
        progress(len(indices), size)

    def _take(self, folder: str, index: int, hashed: Hashed) -> None:
        self._listings[folder].take(index, hashed, DIGEST_SIZE[self._algorithm])
        if self.is_racy(hashed.stat, hashed.at):
            self.racy.setdefault(folder, set()).add(index)
