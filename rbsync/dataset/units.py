"""The rows of a folder of a source, packed: names, what was looked for, and digests."""

from __future__ import annotations

import posixpath
import unicodedata
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from rbsync.errors import Location
from rbsync.files.file_facts import DIGEST_SIZE
from rbsync.files.kinds import ANY, suffix_of
from rbsync.files.tree import Tree
from rbsync.model.datapoint import Datapoint
from rbsync.model.fingerprint import Algorithm, entry_digest, weight
from rbsync.model.names import fold_of
from rbsync.sources.entry import NOT_LOOKED_FOR, Entry, MaskLabels, SegmentationLabels

# Neither is in a path or a name that a plan may have.
_BETWEEN = "\0"
_BESIDE = "//"


UnitKey = tuple[int, str | None]
"""The number of a source, and the folder of files that it makes datapoints of, one of each.

The folder is None for all of a source that is not expanded file by file.
"""
DECLARED: UnitKey = (-1, None)
"""The unit of all datapoints that are sources of their own; each by the number of its source."""


class Row(NamedTuple):
    """A datapoint of one file: its name, the files that were looked for, and its digest.

    ``labels`` is its label file, where it was found by a template. The digest of a datapoint that
    cannot be planned is all zeros.
    """

    name: str
    asked: tuple[str, ...]
    digest: bytes
    labels: str = ""

    @property
    def is_planned(self) -> bool:
        """Tells whether it belongs to the dataset, and nothing stood in its way."""
        return any(self.digest)

    @property
    def fold(self) -> int:
        """A number that names which look alike have in common."""
        return fold_of(self.name)


@dataclass(slots=True)
class Summary:
    """The facts of a unit without reading it: datapoints, their sum, and where it looked.

    ``blocked`` is the number of those beside them that cannot be planned, ``labelled`` the suffixes
    of label files by their folder.
    """

    count: int
    total: int
    folders: tuple[str, ...]
    blocked: int = 0
    labelled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass
class Unit:
    """The datapoints of a source that were found in one folder, by the file of each.

    Where the source is not expanded file by file they are by their names.
    """

    source: int
    folder: str | None
    rows: dict[str, Row] = field(default_factory=dict)

    @property
    def key(self) -> UnitKey:
        """The source and the folder."""
        return self.source, self.folder

    def summary(self) -> Summary:
        """The facts that are known of it without its rows."""
        rows = self.rows.values()
        folders = {one.rpartition("/")[0] for row in rows for one in row.asked}
        planned = [row.digest for row in rows if row.is_planned]
        labelled: dict[str, set[str]] = {}
        for row in rows:
            if row.labels:
                folder, _, name = row.labels.removeprefix(NOT_LOOKED_FOR).rpartition("/")
                suffixes = labelled.setdefault(folder, set())
                if not row.labels.startswith(NOT_LOOKED_FOR):
                    suffixes.add(suffix_of(name))
        return Summary(
            len(planned),
            sum(map(weight, planned)),
            tuple(sorted(folders)),
            len(rows) - len(planned),
            {folder: tuple(sorted(suffixes)) for folder, suffixes in labelled.items()},
        )

    def packed(self) -> Packed:
        """As the cache keeps it."""
        rows = self.rows.values()
        asked = (_BESIDE.join(row.asked) for row in rows)
        columns = (self.rows, (row.name for row in rows), asked, (row.labels for row in rows))
        files, names, others, labels = (_BETWEEN.join(one).encode() for one in columns)
        return Packed(
            array("Q", (row.fold for row in rows)).tobytes(),
            files,
            names,
            # Where nobody looked for another file, only separators would be kept.
            others.strip(b"\0") and others,
            b"".join(row.digest for row in rows),
            labels.strip(b"\0") and labels,
        )


class Packed(NamedTuple):
    """The columns of a unit."""

    folds: bytes
    files: bytes
    names: bytes
    asked: bytes
    digests: bytes
    labels: bytes

    @property
    def size(self) -> int:
        """The number of its datapoints."""
        return len(self.folds) // 8

    def digests_by_name(self) -> Iterator[tuple[str, bytes]]:
        """Yields what is known of each datapoint but for its files."""
        names = self.names.decode().split(_BETWEEN) if self.size else ()
        return zip(names, self._each_digest(), strict=True)

    def _each_digest(self) -> Iterator[bytes]:
        width = len(self.digests) // self.size if self.size else 0
        return (self.digests[at * width : at * width + width] for at in range(self.size))

    def rows(self) -> dict[str, Row]:
        """The datapoints by file."""
        count = self.size
        # The empty text splits into one empty name.
        if not count:
            return {}
        digests = self._each_digest()
        asked: Iterable[tuple[str, ...]] = [()] * count
        if self.asked:
            asked = (
                tuple(one.split(_BESIDE)) if one else ()
                for one in self.asked.decode().split(_BETWEEN)
            )
        labels: Iterable[str] = [""] * count
        if self.labels:
            labels = self.labels.decode().split(_BETWEEN)
        files, names = (column.decode().split(_BETWEEN) for column in (self.files, self.names))
        return dict(zip(files, map(Row, names, asked, digests, labels), strict=True))


def spelt_alike(path: str) -> str:
    """A path as all its spellings are: without regard to Unicode's form and to case."""
    # A template may lead through `..`, and what changed is known by its plain path.
    path = posixpath.normpath(path)
    # A disk may find a file by another case or form of Unicode than the manifest has.
    return path.lower() if path.isascii() else unicodedata.normalize("NFC", path).casefold()


def any_suffix_of(path: str) -> str:
    """The path that stands for a file whatever its suffix is."""
    suffix = suffix_of(path.rpartition("/")[2])
    return path[: len(path) - len(suffix)].removesuffix(".") + ANY


def paths_of(entry: Entry) -> Iterator[str]:
    """Yields the files of an entry beside the one that it was found at."""
    yield from (item for item in entry.items if item != entry.found_at)
    match entry.labels:
        case str(path):
            yield path
        case MaskLabels(files=files) | SegmentationLabels(files=files):
            yield from (file for file in files if file != entry.found_at)
        case _:
            pass


def row_of(entry: Entry, datapoint: Datapoint | None, tree: Tree, algorithm: Algorithm) -> Row:
    """The row of an entry, and of the datapoint that it became unless something is wrong."""
    asked = () if _is_alone(entry, tree) else _asked(entry, tree)
    digest = bytes(DIGEST_SIZE[algorithm])
    if datapoint is not None:
        digest = entry_digest(datapoint.name, datapoint.fingerprint, algorithm)
    return Row(entry.name, asked, digest, entry.noted_labels)


def _is_alone(entry: Entry, tree: Tree) -> bool:
    """Tells whether an entry is one file, and nothing was looked for beside it."""
    # Most of a million are so, and need no sets to tell it.
    is_one = entry.labels is None and not entry.asked and entry.items == (entry.found_at,)
    return is_one and not tree.is_link(entry.found_at)


def _asked(entry: Entry, tree: Tree) -> tuple[str, ...]:
    own = {*entry.asked, *paths_of(entry)}
    # A link does not change when what it leads to does: that place must be looked at too.
    places = {str(tree.place(path)) for path in (entry.found_at, *own) if tree.is_link(path)}
    return tuple(sorted({spelt_alike(path) for path in own | places if path != entry.found_at}))


def place_of(
    entry: Entry, sources: Mapping[Location, int], singles: Collection[int]
) -> tuple[UnitKey, str]:
    """The unit of an entry, and what it is called there.

    ``sources`` are numbers by their places, ``singles`` those of sources that are one entry each.
    """
    if entry.found_at:
        folder, _, file = entry.found_at.rpartition("/")
        return (sources[entry.origin], folder), file
    if entry.source in singles:
        return DECLARED, str(entry.source)
    return (entry.source, None), entry.name


def units_of(
    entries: Mapping[str, Entry],
    by_name: Mapping[str, Datapoint],
    sources: Mapping[Location, int],
    singles: Collection[int],
    tree: Tree,
) -> Iterator[Unit]:
    """Yields the units of entries; those of files folder by folder."""
    whole: dict[UnitKey, Unit] = {}
    last: Unit | None = None
    for name, entry in entries.items():
        key, file = place_of(entry, sources, singles)
        row = row_of(entry, by_name.get(name), tree, tree.algorithm)
        if key[1] is None:
            whole.setdefault(key, Unit(*key)).rows[file] = row
            continue
        if last is None or last.key != key:
            # The files of a folder come one after another.
            if last is not None:
                yield last
            last = Unit(*key)
        last.rows[file] = row
    if last is not None:
        yield last
    yield from whole.values()
