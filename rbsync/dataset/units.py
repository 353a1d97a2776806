"""The rows of a folder of a source, packed: names, what was looked for, and digests."""

from __future__ import annotations

import posixpath
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from rbsync.dataset.unit_rows import Packed, Row
from rbsync.errors import Location
from rbsync.files.file_facts import DIGEST_SIZE
from rbsync.files.kinds import ANY, suffix_of
from rbsync.files.tree import Tree
from rbsync.model.datapoint import Datapoint
from rbsync.model.fingerprint import Algorithm, entry_digest, weight
from rbsync.sources.entry import NOT_LOOKED_FOR, Entry, MaskLabels, SegmentationLabels

UnitKey = tuple[int, str | None]
"""The number of a source, and the folder of files that it makes datapoints of, one of each.

The folder is None for all of a source that is not expanded file by file.
"""
DECLARED: UnitKey = (-1, None)
"""The unit of all datapoints that are sources of their own; each by the number of its source."""


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

    @classmethod
    def of(cls, rows: Collection[Row]) -> Summary:
        """The facts of rows."""
        planned = [row.digest for row in rows if row.is_planned]
        return cls(
            len(planned),
            sum(map(weight, planned)),
            tuple(sorted({one.rpartition("/")[0] for row in rows for one in row.asked})),
            len(rows) - len(planned),
            suffixes_of(row.labels for row in rows if row.labels),
        )

    @property
    def size(self) -> int:
        """The number of its rows."""
        return self.count + self.blocked

    def changed(
        self, before: Mapping[str, Row], now: Mapping[str, Row], load: Callable[[], Packed]
    ) -> Summary:
        """The facts with other rows, by file, in place of those that some had before.

        A folder in which nobody looks any more may still be among its folders. The unit is loaded
        only where that takes the rows that are left.
        """
        old, new = Summary.of(before.values()), Summary.of(now.values())
        if old.size == self.size:
            return new
        labelled = _together(self.labelled, new.labelled)
        if _together(old.labelled, new.labelled) != new.labelled:
            labelled = suffixes_of(load().labels_beside(before))
            labelled = _together(labelled, new.labelled)
        return Summary(
            self.count - old.count + new.count,
            self.total - old.total + new.total,
            tuple(sorted({*self.folders, *new.folders})),
            self.blocked - old.blocked + new.blocked,
            labelled,
        )


def suffixes_of(labels: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The suffixes of label files, as rows name them, by their folders."""
    found: dict[str, set[str]] = {}
    for one in labels:
        folder, _, name = one.removeprefix(NOT_LOOKED_FOR).rpartition("/")
        suffixes = found.setdefault(folder, set())
        if not one.startswith(NOT_LOOKED_FOR):
            suffixes.add(suffix_of(name))
    return {folder: tuple(sorted(suffixes)) for folder, suffixes in found.items()}


def _together(
    some: Mapping[str, Collection[str]], others: Mapping[str, Collection[str]]
) -> dict[str, tuple[str, ...]]:
    return {
        folder: tuple(sorted({*some.get(folder, ()), *others.get(folder, ())}))
        for folder in {*some, *others}
    }


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
        return Summary.of(self.rows.values())

    def packed(self) -> Packed:
        """As the cache keeps it."""
        return Packed.of(self.rows)


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
