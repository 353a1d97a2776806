"""The things that a source may look at while it expands, and those whom it tells of finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from rbsync.errors import Location, Problem
from rbsync.files.listing import Listing
from rbsync.files.tree import Tree
from rbsync.labels.amounts import USUAL, Limits
from rbsync.model.datapoint import Settings


@dataclass(frozen=True, slots=True)
class Rest:
    """The facts of a source of which only a part is expanded again.

    It had ``before`` entries, and ``left`` of them are not looked at. ``told`` are the warnings of
    the source as a whole; ``dropped`` yields the files that it had of the part.
    """

    before: int
    left: int
    told: Mapping[tuple[str, Location | None], Problem]
    dropped: Callable[[], Iterator[str]]


MOST_SEARCHED = 2_000_000
"""Names that all patterns of a manifest may be held against, which takes a few seconds."""

SOURCES_OF_ALL = 64
"""So many sources may look through all files, however many files there are."""

_FOLDER = 20
"""To enter a folder takes as long as to look at so many names."""


class Searched:
    """Counts the names that patterns are held against.

    Each of thousands of sources may look through one folder of thousands of files: what they take
    together stays in proportion to what is there.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._names = 0
        self._most: float = MOST_SEARCHED
        self._is_over = False

    def takes(self, listing: Listing) -> bool:
        """Counts the names of a folder; False when they are too many beside those before."""
        self._names += _weight(listing)
        if self._names > self._most and not self._is_over:
            # Datasets of millions of files, each in a folder of its source, are looked at once.
            there = sum(map(_weight, self._tree.listings()))
            self._most = max(self._most, SOURCES_OF_ALL * there)
            self._is_over = self._names > self._most
        return not self._is_over


def _weight(listing: Listing) -> int:
    others = (listing.folders, listing.links, listing.odd)
    return _FOLDER + listing.count + sum(map(len, others))


@dataclass(frozen=True, slots=True)
class Context:
    """The things that a source may look at while it expands.

    ``origin`` is the source's place in the manifest and ``locate`` that of something in it
    (``("glob",)``). ``report`` takes what is wrong; ``unread`` what could not be read, so that
    nobody takes what lies behind it for absent; ``unknown`` what could not be read today, which is
    no mistake of anybody's; ``warn`` what is only worth knowing; ``doubt`` why
    datapoints of the source may have labels where none were found. ``witness`` takes a file that
    shows for all of the source that it is as it should be. With ``rest`` only a part of the tree
    is looked at, and the rest is known. ``warn_at`` is as ``warn``, of what was found at a path.
    ``searched`` is that of all sources together, and ``limits`` how much their files may have.
    ``packs`` says that what comes of whole folders may come as a `Bundle` each.
    """

    tree: Tree
    settings: Settings
    origin: Location
    locate: Callable[[tuple[str | int, ...]], Location]
    report: Callable[[Problem], None]
    unread: Callable[[Problem], None]
    warn: Callable[[Problem], None]
    unknown: Callable[[Problem], None] = lambda _: None
    doubt: Callable[[Problem], None] = lambda _: None
    witness: Callable[[str], None] = lambda _: None
    warn_at: Callable[[Problem, str], None] = lambda _, __: None
    rest: Rest | None = None
    searched: Searched | None = None
    packs: bool = False
    limits: Limits = USUAL

    def may_tell(self, code: str, place: Location) -> bool:
        """Tells whether a warning of all of the source may be due.

        A part cannot show that something is nowhere. But what was nowhere before is in no other
        part either.
        """
        return self.rest is None or (code, place) in self.rest.told
