"""The content of a tree's files: hashed in chunks by several workers, each version once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from rbsync.files.cache import Cache
from rbsync.files.file_facts import DIGEST_SIZE, UNSEEN, Answers, Stat
from rbsync.files.listing import FIELDS, unseen
from rbsync.files.listings_on_disk import Listings
from rbsync.files.readiness import ALWAYS, NotReadyError
from rbsync.files.reading_tasks import ReadingTasks, Work
from rbsync.files.roots import Roots
from rbsync.model.bucket_paths import is_bucket
from rbsync.model.fingerprint import Algorithm

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from rbsync.executors.assured import Helpers
    from rbsync.files.hashing import Progress

# A file that changed less than this many ns before it was read may change again unseen.
RACY = 3_000_000_000

CHUNK_FILES = 512
CHUNK_BYTES = 64 << 20
IN_FLIGHT = 16
AHEAD = 64
"""Tasks that wait until the walk is over, at most: each holds the names of its files."""

MANY = 64
"""Files of a folder, at least, that are read ahead: of fewer it is not yet worth a thread."""

# Larger ones are hashed for longer than the calls take by which each is read.
SMALL = 512 << 10
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


Chunk = tuple[str, Sequence[int]]
"""A folder, and the indices of some files in its listing."""


class TreeHashing:
    """Hashes files of folders that were listed, and enters what it read into their listings.

    ``racy`` are the files, by folder and index, that may have changed unseen since they were
    read; ``has_missed`` tells that one that is finished could not be read.
    """

    def __init__(
        self,
        roots: Roots,
        listings: Listings,
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
        self._errors: dict[Place, OSError] = {}
        self._tasks = ReadingTasks(self._enter)
        self._ahead: set[str] = set()
        self._before = (0, 0)
        self._progress: Progress = self._count_before

    def hash_ahead(self, folder: str, files: str, readers: Callable[[], Executor]) -> None:
        """Begins with the files of a folder, which `hash` is to be asked for, and waits for none.

        Walking and expanding take one processor, and the disk and the other ones would be idle.
        ``files`` are names with NUL between them.
        """
        self._tasks.take_done()
        # Who knows writers may want to be asked as late as can be. What is too much is left over.
        if folder in self._ahead or self._roots.readiness is not ALWAYS or len(self._tasks) > AHEAD:
            return
        indices = self._unseen_in(folder, set(), [files])
        # Of a few files no thread is made before it is known that there are no more.
        if len(indices) < MANY:
            return
        self._ahead.add(folder)
        for some in self._in_chunks(folder, indices):
            self._begin(folder, some, readers())
        self._listings[folder].forget_names()

    @contextmanager
    def given_up(self) -> Iterator[None]:
        """Gives up at the end what was begun ahead, and nobody asked for."""
        try:
            yield
        finally:
            self._tasks.cancel()

    def hash(
        self,
        places: Iterable[Place],
        readers: Callable[[], Executor],
        progress: Progress,
        folders: Folders = (),
        helpers: Callable[[], Helpers] | None = None,
    ) -> dict[Place, OSError]:
        """Hashes those of the files that are not known, and says which could not be read.

        ``readers`` makes those who read, where the files are more than a few, and ``helpers``
        those who read elsewhere.
        """
        # Elsewhere nobody knows who writes to a file here.
        if helpers is not None and self._roots.readiness is ALWAYS:
            places = list(places)
            away = (one for one in self._chunks(places, folders) if not is_bucket(one[0]))
            errors = self._hash_elsewhere(away, helpers(), progress)
            here = [one for one in self._chunks(places, folders) if is_bucket(one[0])]
            return {**errors, **self._hash_here(here, readers, progress)}
        return self._hash_here(self._chunks(places, folders), readers, progress)

    def _hash_here(
        self, chunks: Iterable[Chunk], readers: Callable[[], Executor], progress: Progress
    ) -> dict[Place, OSError]:
        few = FEW
        self._progress = progress
        try:
            if any(self._before):
                progress(*self._before)
            # What was begun is not to be begun again.
            while self._tasks:
                self._tasks.wait(progress)
            for folder, indices in chunks:
                if few and len(indices) <= few and self._are_small(folder, indices):
                    few -= len(indices)
                    self._enter(folder, indices, self._work(folder, indices)())
                    continue
                self._begin(folder, indices, readers())
                # A million files in the executor's queue are a million objects.
                while len(self._tasks) >= IN_FLIGHT:
                    self._tasks.wait(progress)
            while self._tasks:
                self._tasks.wait(progress)
        finally:
            self._tasks.cancel()
            self._progress = self._count_before
        errors, self._errors = self._errors, {}
        self._ahead, self._before = set(), (0, 0)
        return errors

    def _hash_elsewhere(
        self, chunks: Iterable[Chunk], helpers: Helpers, progress: Progress
    ) -> dict[Place, OSError]:
        from rbsync.files.hashing_elsewhere import hash_elsewhere

        self._progress = progress
        calls = ((folder, indices, self._work(folder, indices)) for folder, indices in chunks)
        try:
            for folder, indices, answers in hash_elsewhere(calls, self._listings, helpers):
                self._enter(folder, indices, answers)
        finally:
            self._progress = self._count_before
        errors, self._errors = self._errors, {}
        return errors

    def _count_before(self, files: int, size: int) -> None:
        self._before = self._before[0] + files, self._before[1] + size

    def _begin(self, folder: str, indices: Sequence[int], readers: Executor) -> None:
        self._tasks.begin(readers, self._work(folder, indices), folder, indices)

    def _work(self, folder: str, indices: Sequence[int]) -> Work:
        # Most plans find every file known, and load none of what reads them.
        from rbsync.files.many_files import hash_apart, hash_together

        names = self._listings[folder].joined_names(indices)
        work = hash_together if self._are_small(folder, indices) else hash_apart
        return partial(work, self._roots, folder, names, self._algorithm)

    def _are_small(self, folder: str, indices: Sequence[int]) -> bool:
        return max(self._listings[folder].sizes(indices)) <= SMALL

    def total(self, places: Iterable[Place], folders: Folders = ()) -> tuple[int, int]:
        """Returns how many files and bytes `hash` would read, with those that it has already."""
        files, size = self._before
        for folder, indices in self._unseen(places, folders):
            files += len(indices)
            size += sum(self._listings[folder].sizes(indices))
        return files, size

    def newest(self, folder: str) -> int:
        """Returns when a file of a folder that was listed last changed (ns); 0 without files."""
        if is_bucket(folder):
            return 0
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
        if is_bucket(place.folder):
            return 0, 0
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

    def _chunks(
        self, places: Iterable[Place], folders: Folders
    ) -> Iterator[tuple[str, Sequence[int]]]:
        """Yields folders with the indices of files that have to be read, a worker's task each."""
        for folder, indices in self._unseen(places, folders):
            for some in self._in_chunks(folder, indices):
                yield folder, some

    def _in_chunks(self, folder: str, indices: Sequence[int]) -> Iterator[Sequence[int]]:
        sizes = self._listings[folder].sizes(indices)
        if 0 < len(indices) <= CHUNK_FILES and sum(sizes) <= CHUNK_BYTES:
            yield indices
            return
        begin = size = 0
        for at, one in enumerate(sizes, 1):
            size += one
            if at - begin >= CHUNK_FILES or size >= CHUNK_BYTES:
                yield indices[begin:at]
                begin, size = at, 0
        if begin < len(indices):
            yield indices[begin:]

    def _unseen(
        self, places: Iterable[Place], folders: Folders
    ) -> Iterator[tuple[str, Sequence[int]]]:
        single: dict[str, set[str]] = {}
        for place in places:
            single.setdefault(place.folder, set()).add(place.name)
        many: dict[str, list[str]] = {}
        for folder, joined in folders:
            many.setdefault(folder, []).append(joined)
        for folder, some in many.items():
            found = self._unseen_in(folder, single.pop(folder, set()), some)
            yield folder, self._without_errors(folder, found)
            self._listings.put_away(folder)
        for folder, names in single.items():
            found = unseen(self._listings[folder], names)
            yield folder, self._without_errors(folder, found)

    def _without_errors(self, folder: str, indices: Sequence[int]) -> Sequence[int]:
        """The indices without those of files that could not be read ahead."""
        if folder not in self._ahead or not self._errors:
            return indices
        names = self._listings[folder].names
        return [one for one in indices if Place(folder, names[one]) not in self._errors]

    def _unseen_in(self, folder: str, names: set[str], joined: Sequence[str]) -> Sequence[int]:
        """The indices of files that have to be read: of the names, and of texts of many."""
        # Of most folders nothing is unseen, or all in a first plan: no name is made an object.
        if self._listings.is_away(folder):
            return ()
        listing = self._listings[folder]
        left = listing.kinds.count(UNSEEN)
        if not left:
            return ()
        if left == listing.count == joined[0].count("\0") + 1:
            return range(left)
        return unseen(listing, names.union(*(one.split("\0") for one in joined)))

    def _enter(self, folder: str, indices: Sequence[int], answers: Answers) -> None:
        """Takes in what came of some files of a folder."""
        listing = self._listings[folder]
        for at, error in answers.errors.items():
            # What is not finished bars its datapoint, which is looked at again the next time. One
            # slow writer must not have a watch of 100,000 files plan them all. Of a burst whole
            # folders are planned in less memory than each of its files by itself.
            is_unfinished = isinstance(error, NotReadyError)
            self._unfinished += is_unfinished
            self.has_missed |= not is_unfinished or self._unfinished > MOST_UNFINISHED
            self._errors[Place(folder, listing.names[indices[at]])] = error
        if is_bucket(folder):
            # The stats of an object tell its version, and those of the copy nothing.
            answers = answers._replace(stats=listing.stats_of(indices))
        listing.take(indices, answers, DIGEST_SIZE[self._algorithm])
        if not is_bucket(folder):
            self._note_racy(folder, indices, answers)
        self._touched(folder)
        self._listings.put_away(folder)
        self._progress(len(indices), sum(answers.stats[::FIELDS]))

    def _note_racy(self, folder: str, indices: Sequence[int], answers: Answers) -> None:
        """Takes down the files that may change again unseen."""
        mtimes, ctimes = answers.stats[1::FIELDS], answers.stats[2::FIELDS]
        # Nearly always: nobody looks at each of a million.
        newest = Stat(0, max(mtimes), max(ctimes), 0)
        if not self.is_racy(newest, min(answers.at)):
            return
        for index, mtime, ctime, at in zip(indices, mtimes, ctimes, answers.at, strict=True):
            if at and self.is_racy(Stat(0, mtime, ctime, 0), at):
                self.racy.setdefault(folder, set()).add(index)
