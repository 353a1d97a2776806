"""Two listings of one folder: which files are other ones now, and what is known of the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from rbsync.files.file_facts import DIGEST_SIZE, UNSEEN
from rbsync.files.kinds import BROKEN, KINDS
from rbsync.files.listing import FIELDS, File, Listing
from rbsync.model.fingerprint import Algorithm

# All four numbers count: a file that was replaced by one of the same size and time has another
# inode.
_WIDTH = 8 * FIELDS


def inherit(new: Listing, old: Listing, width: int) -> None:
    """Enters into a new listing what an old one of the same folder knew of unchanged files.

    ``width`` is the length of a digest in bytes.
    """
    if new.joined == old.joined:
        # Of a folder in which one file was written, no object is made for the others.
        new.digests, new.kinds = old.digests[:], old.kinds[:]
        for at in _changed_rows(old, new):
            new.digests[at * width : at * width + width] = bytes(width)
            new.kinds[at] = UNSEEN
        return
    new.forget_all(width)
    places = {name: at for at, name in enumerate(old.names)}
    before, now = old.stats.tobytes(), new.stats.tobytes()
    for at, name in enumerate(new.names):
        known = places.get(name)
        if known is None or _row(before, known) != _row(now, at):
            continue
        new.digests[at * width : at * width + width] = old.digests[
            known * width : known * width + width
        ]
        new.kinds[at] = old.kinds[known]


def changed_names(old: Listing, new: Listing) -> set[str]:
    """The files that came, are gone, or are other ones."""
    if new.joined == old.joined:
        return {new.names[at] for at in _changed_rows(old, new)}
    return {name for name, _ in _facts(old) ^ _facts(new)}


def _facts(listing: Listing) -> set[tuple[str, bytes]]:
    stats = listing.stats.tobytes()
    return {(name, _row(stats, at)) for at, name in enumerate(listing.names)}


def _row(stats: bytes, at: int) -> bytes:
    return stats[at * _WIDTH : at * _WIDTH + _WIDTH]


def _changed_rows(old: Listing, new: Listing) -> Iterator[int]:
    """Yields the places of files whose stats differ, of two listings with the same names."""
    before, now = old.stats.tobytes(), new.stats.tobytes()
    spans = [(0, new.count)]
    while spans:
        first, end = spans.pop()
        if before[first * _WIDTH : end * _WIDTH] == now[first * _WIDTH : end * _WIDTH]:
            continue
        if end - first == 1:
            yield first
            continue
        middle = (first + end) // 2
        spans += [(middle, end), (first, middle)]


FEW = 16
"""Names that are searched for in the text of all before each has an object."""


class KnownFiles(Mapping[str, File | None]):
    """The files of a listing by name; None for one that has not been hashed.

    Each is made an object when somebody asks for it: of a large folder mostly one is looked at.
    """

    def __init__(self, listing: Listing, algorithm: Algorithm) -> None:
        self._listing = listing
        self._algorithm = algorithm
        self._width = DIGEST_SIZE[algorithm]
        self._searches = 0

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: at for at, name in enumerate(self._listing.names)}

    def _place(self, name: str) -> int:
        """The place of a name, -1 for one that is not there."""
        # Of a change in each of a thousand folders all names would be a hundred MiB.
        if self._searches < FEW:
            self._searches += 1
            return self._listing.place(name)
        return self._places.get(name, -1)

    def __getitem__(self, name: str) -> File | None:
        at, listing, width = self._place(name), self._listing, self._width
        if at < 0:
            raise KeyError(name)
        kind = listing.kinds[at]
        if kind == UNSEEN:
            return None
        digest = listing.digests[at * width : at * width + width].hex()
        size = listing.stats[at * FIELDS]
        return File(f"{self._algorithm}:{digest}", size, KINDS[kind & ~BROKEN], kind >= BROKEN)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._place(name) >= 0

    def __iter__(self) -> Iterator[str]:
        return iter(self._listing.names)

    def __len__(self) -> int:
        return self._listing.count
