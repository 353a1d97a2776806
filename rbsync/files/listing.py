"""One folder as it is on disk, packed so that two versions of it compare as bytes."""

from __future__ import annotations

import os
from array import array
from collections.abc import Container, Iterator, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from rbsync.files import compiled_scan
from rbsync.files.file_facts import UNSEEN, Answers, Stat, clipped
from rbsync.files.kinds import Kind

FIELDS = len(Stat._fields)


class File(NamedTuple):
    """A file that was hashed. ``broken`` says that no decoder can read it whole."""

    content: str
    size: int
    kind: Kind
    broken: bool = False


@dataclass(slots=True)
class Listing:
    """The regular files of a folder in the order of the disk, with what is known of them.

    ``links`` are symbolic links with their targets, ``odd`` what is neither file, folder nor link.
    ``stats`` has `FIELDS` integers a file. ``digests`` and ``kinds`` run beside ``names``; a
    kind of `UNSEEN` says that the digest means nothing yet. No object is made for a file unless
    somebody asks for it: that is what lets a tree of a million files be compared in seconds.
    """

    path: str
    joined: bytes
    """The names of the files, with NUL between them."""
    stats: array[int]
    folders: list[str]
    links: dict[str, str]
    odd: list[str]
    digests: bytearray = field(default_factory=bytearray)
    kinds: bytearray = field(default_factory=bytearray)
    _names: list[str] | None = None

    @property
    def count(self) -> int:
        """The number of files."""
        return len(self.stats) // FIELDS

    @property
    def names(self) -> list[str]:
        """The names of the files; surrogates stand for bytes that are no UTF-8."""
        if self._names is None:
            text = self.joined.decode("utf-8", "surrogateescape")
            self._names = text.split("\0") if self.count else []
        return self._names

    def joined_names(self, indices: Sequence[int]) -> bytes:
        """The names of some files, with NUL between them."""
        if len(indices) == self.count:
            return self.joined
        names = self.names
        return "\0".join([names[one] for one in indices]).encode("utf-8", "surrogateescape")

    def sizes(self, indices: Sequence[int]) -> Sequence[int]:
        """The sizes of some files, in bytes."""
        every = self.stats[::FIELDS]
        return every if len(indices) == self.count else [every[one] for one in indices]

    def forget_names(self) -> None:
        """Forgets the names as objects: of a million files they take more than all the rest."""
        self._names = None

    def has(self, name: str) -> bool:
        """Tells whether there is a file of a name, without an object for each."""
        return self.place(name) >= 0

    def place(self, name: str) -> int:
        """The place of a file among the others, -1 for none, without an object for each."""
        try:
            wanted = b"\0%b\0" % os.fsencode(name)
        # A list may name a file by half of a character.
        except UnicodeEncodeError:
            return -1
        text = b"\0%b\0" % self.joined
        at = text.find(wanted) if self.count and "\0" not in name else -1
        return at if at < 0 else text.count(b"\0", 0, at)

    def has_hidden(self) -> bool:
        """Tells whether there is a file whose name begins with a dot."""
        return self.joined.startswith(b".") or b"\0." in self.joined

    def identity(self) -> Iterator[bytes]:
        """Yields what changes when anything in the folder does."""
        yield f"{self.path}\0{self.count}\0".encode("utf-8", "surrogateescape")
        yield self.joined
        yield self.stats.tobytes()
        rest = "\0".join((*self.folders, "", *map("\0".join, self.links.items()), "", *self.odd))
        yield rest.encode("utf-8", "surrogateescape")

    def forget_all(self, width: int) -> None:
        """Makes all files unseen; ``width`` is the length of a digest in bytes."""
        self.digests = bytearray(width * self.count)
        self.kinds = bytearray([UNSEEN]) * self.count

    def stats_of(self, indices: Sequence[int]) -> array[int]:
        """The stats of some files, as `stats` has them."""
        found = array("q")
        for one in indices:
            found += self.stats[one * FIELDS : one * FIELDS + FIELDS]
        return found

    def take(self, indices: Sequence[int], answers: Answers, width: int) -> None:
        """Enters what was read of files; ``indices`` ascend, and go with the answers."""
        for at, index, count in _runs(indices, answers.errors):
            end, until = at + count, index + count
            own = slice(index * FIELDS, until * FIELDS)
            self.stats[own] = answers.stats[at * FIELDS : end * FIELDS]
            own = slice(index * width, until * width)
            self.digests[own] = answers.digests[at * width : end * width]
            self.kinds[index:until] = answers.kinds[at:end]


def scan(descriptor: int, path: str) -> Listing:
    """Lists an open folder. Raises OSError when it cannot be read to its end.

    What disappears meanwhile is left out.
    """
    if not compiled_scan.available():
        return pure_scan(descriptor, path)
    joined, stats, rest = compiled_scan.scan_folder(descriptor)
    found = Listing(path, joined, stats, [], {}, [])
    others = iter(map(os.fsdecode, rest))
    for kind in others:
        name = next(others)
        if kind == "l":
            found.links[name] = next(others)
        else:
            (found.folders if kind == "d" else found.odd).append(name)
    found.folders.sort()
    return found


def pure_scan(descriptor: int, path: str) -> Listing:
    """As `scan`, where nothing was compiled."""
    names: list[str] = []
    stats: list[int] = []
    folders: list[str] = []
    links: dict[str, str] = {}
    odd: list[str] = []
    with os.scandir(descriptor) as entries:
        for entry in entries:
            try:
                if entry.is_file(follow_symlinks=False):
                    found = entry.stat(follow_symlinks=False)
                    stats += (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
                    names.append(entry.name)
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                # The target is read now: where a link leads is part of what the folder is.
                elif entry.is_symlink():
                    links[entry.name] = os.readlink(entry.name, dir_fd=descriptor)
                else:
                    odd.append(entry.name)
            # Editors write a new file beside the old and rename it; what was listed a moment ago
            # may be gone.
            except FileNotFoundError:
                continue
    # Plans must not depend on the order in which a disk lists its folders. Files keep it: they are
    # looked up by name, and there may be a million of them to sort.
    folders.sort()
    joined = "\0".join(names).encode("utf-8", "surrogateescape")
    return Listing(path, joined, _packed(stats), folders, links, odd)


def _packed(stats: list[int]) -> array[int]:
    try:
        return array("q", stats)
    except OverflowError:
        fitting = (clipped(Stat(*stats[at : at + FIELDS])) for at in range(0, len(stats), FIELDS))
        return array("q", [number for one in fitting for number in one])


def unseen(listing: Listing, names: Set[str]) -> Sequence[int]:
    """The indices of those of the names that have to be hashed, ascending."""
    count = listing.count
    # So it is in most folders of a first plan.
    if len(names) == count == listing.kinds.count(UNSEEN):
        return range(count)
    rows = enumerate(zip(listing.names, listing.kinds, strict=True))
    return array("q", [at for at, (name, kind) in rows if kind == UNSEEN and name in names])


def _runs(indices: Sequence[int], without: Container[int]) -> Iterator[tuple[int, int, int]]:
    """Yields the runs of indices: the position of the first, itself, and how many there are.

    Those whose positions are in ``without`` are left out.
    """
    ends = [
        at
        for at in range(1, len(indices))
        if indices[at] - indices[at - 1] != 1 or at in without or at - 1 in without
    ]
    for begin, end in pairwise((0, *ends, len(indices))):
        if begin < end and begin not in without:
            yield begin, indices[begin], end - begin
