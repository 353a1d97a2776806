"""The files below the manifest's folder: listed once a run, hashed once a version."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from typing import NamedTuple

import xxhash

from rbsync.files.cache import Cache, Row
from rbsync.files.hashing import DIGEST_SIZE, Hashed, Progress, hash_files
from rbsync.files.ignore import FILE, IgnoreRules
from rbsync.files.listing import UNSEEN, File, Listing, inherit, scan, unseen
from rbsync.files.roots import Roots
from rbsync.model.fingerprint import Algorithm

RACY = 3_000_000_000
"""A file that changed less than this many ns before it was read may change again unseen."""

CHUNK_FILES = 512
CHUNK_BYTES = 64 << 20
IN_FLIGHT = 16


class Place(NamedTuple):
    """Where a file really is: the folder that lists it, and its name there."""

    folder: str
    name: str

    def __str__(self) -> str:
        return f"{self.folder}/{self.name}" if self.folder else self.name


class Tree:
    """Lists, hashes and remembers. Paths are as in the manifest: relative, with ``/``."""

    def __init__(
        self, roots: Roots, cache: Cache, algorithm: Algorithm = "xxh3", *, rehash: bool = False
    ) -> None:
        self.roots = roots
        self.algorithm: Algorithm = algorithm
        self._width = DIGEST_SIZE[algorithm]
        self._cache = cache
        self._rehash = rehash
        self._ignore = IgnoreRules()
        self._listings: dict[str, Listing] = {}
        self._files: dict[str, dict[str, File | None]] = {}
        self._scanned: dict[str, Listing] = {}
        self._racy: dict[str, set[int]] = {}
        self._absent: set[str] = set()
        self._missed = False
        self._dirty: set[str] = set()

    def listing(self, folder: str) -> Listing:
        """What a folder holds. Raises OSError when it cannot be listed."""
        known = self._listings.get(folder)
        if known is None:
            if folder in self._absent:
                raise FileNotFoundError(folder)
            try:
                known = self._listings[folder] = self._recall(self._scan(folder))
            except FileNotFoundError:
                self._absent.add(folder)
                raise
        return known

    def _scan(self, folder: str) -> Listing:
        known = self._scanned.pop(folder, None)
        if known is None:
            descriptor = self.roots.open_folder(folder or ".")
            try:
                known = scan(descriptor, folder)
            finally:
                os.close(descriptor)
        return known

    def folders(self) -> list[str]:
        """The folders that were looked at, those that are not there included."""
        return sorted((*self._listings, *self._absent))

    def is_settled(self) -> bool:
        """Whether every file that was asked for is known for good."""
        return not self._racy and not self._missed

    def signature(self, folders: Iterable[str]) -> str:
        """What tells whether folders are as they were; empty when one cannot be listed.

        Says nothing of files' contents: size, times and inode stand for them.
        """
        hasher = xxhash.xxh3_128()
        for folder in folders:
            listing = self._listings.get(folder)
            if listing is None:
                try:
                    listing = self._scanned[folder] = self._scan(folder)
                except FileNotFoundError:
                    hasher.update(f"{folder}\0absent".encode("utf-8", "surrogateescape"))
                    continue
                except OSError:
                    return ""
            for part in listing.identity():
                hasher.update(part)
        return hasher.hexdigest()

    def _recall(self, listing: Listing) -> Listing:
        row = None if self._rehash else self._cache.folder(listing.path)
        if row and row.names == listing.joined_names() and row.stats == listing.stats.tobytes():
            listing.digests = bytearray(row.digests)
            listing.kinds = bytearray(row.kinds)
            return listing
        listing.forget_all(self._width)
        if row:
            inherit(listing, row.listing(listing.path), self._width)
        self._dirty.add(listing.path)
        return listing

    def walk(
        self,
        base: str,
        enters: Callable[[str], bool],
        unreadable: Callable[[str, OSError], None],
    ) -> Iterator[Listing]:
        """The listings of a folder and those below it, without hidden and ignored ones."""
        try:
            listing = self.listing(base)
        except OSError as error:
            unreadable(base, error)
            return
        self._read_ignore_rules(listing)
        yield listing
        for name in listing.folders:
            path = f"{base}/{name}" if base else name
            if not name.startswith(".") and enters(path) and not self.ignored(path + "/"):
                yield from self.walk(path, enters, unreadable)

    def _read_ignore_rules(self, listing: Listing) -> None:
        if FILE in listing.names:
            descriptor = self.roots.open_file(f"{listing.path}/{FILE}" if listing.path else FILE)
            with open(descriptor, encoding="utf-8", errors="replace") as file:
                self._ignore.add(listing.path, file.read())

    def ignored(self, path: str) -> bool:
        """Whether `.rbsyncignore` leaves a path out; a folder's path ends in ``/``."""
        return bool(self._ignore) and self._ignore.excludes(path)

    def place(self, path: str) -> Place:
        """Where the file behind a path is.

        Raises FileNotFoundError, OutsideError for a path or link that leads out, and OSError
        for what is no regular file or cannot be looked at.
        """
        folder, _, name = path.rpartition("/")
        if "/." in path or "//" in path or path[0] in "./":
            folder, name = os.path.split(os.path.normpath(path))
        if name in self.files(folder):
            return Place(folder, name)
        listing = self._listings[folder]
        if name in listing.links:
            return self._behind_link(path)
        if name in listing.folders or name in listing.odd:
            raise OSError(f"{path} is not a regular file")
        raise FileNotFoundError(path)

    def _behind_link(self, path: str) -> Place:
        real = self.roots.resolve(path)
        main = os.path.realpath(self.roots.main)
        folder, _, name = real.rpartition("/")
        if folder == main or folder.startswith(main + "/"):
            folder = folder[len(main) + 1 :]
        if name in self.files(folder):
            return Place(folder, name)
        if os.path.lexists(real):
            raise OSError(f"{path} is a link to what is not a regular file")
        raise FileNotFoundError(path)

    def files(self, folder: str) -> dict[str, File | None]:
        """The files of a folder by name; None for one that is not hashed yet. Raises OSError."""
        known = self._files.get(folder)
        if known is None:
            known = self._files[folder] = self.listing(folder).files(self.algorithm)
        return known

    def hash(
        self, places: Iterable[Place], executor: Executor, progress: Progress
    ) -> dict[Place, OSError]:
        """Hashes those of the files that are not known, and says which could not be read."""
        errors: dict[Place, OSError] = {}
        running: dict[Future[list[Hashed | OSError]], tuple[str, list[int]]] = {}
        try:
            for folder, indices in self._chunks(places):
                names = [self._listings[folder].names[index] for index in indices]
                task = executor.submit(hash_files, self.roots, folder, names, self.algorithm)
                running[task] = (folder, indices)
                if len(running) >= IN_FLIGHT:
                    self._collect(running, errors, progress)
            while running:
                self._collect(running, errors, progress)
        finally:
            for task in running:
                task.cancel()
        return errors

    def total(self, places: Iterable[Place]) -> tuple[int, int]:
        """How many files and bytes `hash` would read."""
        files = size = 0
        for folder, indices in self._chunks(places):
            files += len(indices)
            size += sum(self._listings[folder].stat(index).size for index in indices)
        return files, size

    def _chunks(self, places: Iterable[Place]) -> Iterator[tuple[str, list[int]]]:
        wanted: dict[str, set[str]] = {}
        for place in places:
            wanted.setdefault(place.folder, set()).add(place.name)
        for folder, names in wanted.items():
            listing = self._listings[folder]
            chunk: list[int] = []
            size = 0
            for index in unseen(listing, sorted(names)):
                chunk.append(index)
                size += listing.stat(index).size
                if len(chunk) >= CHUNK_FILES or size >= CHUNK_BYTES:
                    yield folder, chunk
                    chunk, size = [], 0
            if chunk:
                yield folder, chunk

    def _collect(
        self,
        running: dict[Future[list[Hashed | OSError]], tuple[str, list[int]]],
        errors: dict[Place, OSError],
        progress: Progress,
    ) -> None:
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for task in done:
            folder, indices = running.pop(task)
            size = 0
            for index, answer in zip(indices, task.result(), strict=True):
                if isinstance(answer, OSError):
                    self._missed = True
                    errors[Place(folder, self._listings[folder].names[index])] = answer
                else:
                    self._take(folder, index, answer)
                    size += answer.stat.size
            self._dirty.add(folder)
            self._files.pop(folder, None)
            progress(len(indices), size)

    def _take(self, folder: str, index: int, hashed: Hashed) -> None:
        self._listings[folder].take(index, hashed, self._width)
        safe = hashed.at + self._cache.clock_offset - RACY
        if max(hashed.stat.mtime, hashed.stat.ctime) > safe:
            self._racy.setdefault(folder, set()).add(index)

    def save(self) -> None:
        """Remembers what was hashed for the next run."""
        self._cache.put_folders((path, self._row(path)) for path in sorted(self._dirty))
        self._dirty.clear()

    def _row(self, path: str) -> Row:
        listing = self._listings[path]
        kinds = bytearray(listing.kinds)
        for index in self._racy.get(path, ()):
            kinds[index] = UNSEEN
        return Row(
            listing.joined_names(), listing.stats.tobytes(), bytes(listing.digests), bytes(kinds)
        )
