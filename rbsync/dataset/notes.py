"""Notes that are taken while a dataset is built, so that the next time a part of it will do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rbsync.dataset.expanding import Again, Entries, Seeking, is_per_file, is_single
from rbsync.dataset.findings import Findings
from rbsync.dataset.told import Stray, Told
from rbsync.dataset.unit_rows import Packed
from rbsync.dataset.units import (
    DECLARED,
    Summary,
    Unit,
    UnitKey,
    paths_of,
    place_of,
    spelt_alike,
    units_of,
)
from rbsync.errors import Location, Problem
from rbsync.files.ignore import Match
from rbsync.files.tree import Tree
from rbsync.manifest.manifest import Manifest
from rbsync.model.datapoint import Datapoint
from rbsync.model.packed import FolderPoints
from rbsync.reasons import FOLDER_LINK
from rbsync.sources.entry import Entry

MOST_NAMES = 10_000
"""Of datapoints that one warning is about; of more of them it is not remembered."""


PackedSource = tuple[int, FolderPoints]
"""The number of a source, and what it found in a folder."""


class Held(NamedTuple):
    """A warning that holds for as long as what it is about is not looked at again.

    That is the row of a unit, all of a unit for an empty row, or ``names`` of several units.
    ``is_of_all`` says that it is about a source that is expanded file by file, as a whole. ``file``
    and ``number`` are as in `Told`.
    """

    problem: Problem
    key: UnitKey
    row: str = ""
    is_of_all: bool = False
    names: frozenset[str] = frozenset()
    file: str = ""
    number: int = 0


@dataclass
class Notes:
    """Taken by whoever builds; of a part where there is something to look at ``again``.

    With more than ``most`` datapoints, None for any number, there is no use for them.

    ``is_quiet`` says that all that was found speaks for itself, or is ``held`` or to be looked at
    again the next time: those are ``unsettled``. ``entries`` are kept of a part alone, for of all
    there may be a million.
    """

    is_wanted: bool = False
    most: int | None = None
    again: Again | None = None
    is_quiet: bool = False
    seeking: dict[int, Seeking] = field(default_factory=dict)
    units: list[Unit] = field(default_factory=list)
    packed: dict[UnitKey, Packed] = field(default_factory=dict)
    folders: Sequence[PackedSource] = ()
    summaries: dict[UnitKey, Summary] = field(default_factory=dict)
    entries: Mapping[str, Entry] = field(default_factory=dict)
    strays: Mapping[str, Stray] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)
    unsettled: dict[UnitKey, set[str]] = field(default_factory=dict)
    matched: dict[str, Match] = field(default_factory=dict)

    def take(
        self,
        manifest: Manifest,
        entries: Entries,
        datapoints: Iterable[Datapoint],
        findings: Findings,
        tree: Tree,
    ) -> None:
        """Notes what came of entries, unless there is something to tell that may change unseen."""
        good = entries.good
        # A name that is no datapoint's belongs to nothing that could be looked at again.
        is_clear = not (findings.unread or entries.doubtful) and findings.obstacles.keys() <= {
            *good
        }
        if not is_clear or any(len(one.names) > MOST_NAMES for one in findings.told):
            return
        self.is_quiet = True
        placing = _Placing.of(manifest)
        self._take_seeking(good.values(), tree)
        self.strays = findings.strays
        self.held = [placing.held(one) for one in findings.told]
        unsettled = [good[name] for name in findings.obstacles]
        for key, file in map(placing.place, unsettled):
            self.unsettled.setdefault(key, set()).add(file)
        for one in self.held:
            # Where a link leads is seen by no change of the folder that it is in.
            if one.row and one.problem.code == FOLDER_LINK:
                self.unsettled.setdefault(one.key, set()).add(one.row)
        # What is in the way of a datapoint gives its row no digest, so that it counts as blocked.
        by_name = {one.name: one for one in datapoints if one.name not in findings.obstacles}
        found = units_of(good, by_name, placing.sources, placing.singles, tree)
        try:
            self._take_units(found, good)
        except OSError:
            # A link leads nowhere by now.
            self.is_quiet = False

    def take_packed(self, packed: Sequence[PackedSource]) -> None:
        """Notes packed datapoints, each folder a unit of its source; after the others."""
        from rbsync.dataset.bundles import unit_of

        if self.is_quiet:
            self.folders = packed
            for source, points in packed:
                key, columns, summary = unit_of(points, source)
                self.packed[key], self.summaries[key] = columns, summary

    def _take_seeking(self, entries: Iterable[Entry], tree: Tree) -> None:
        everywhere: set[str] | None = None
        for entry in entries:
            if entry.found_at or entry.source not in self.seeking:
                continue
            seeking = self.seeking[entry.source]
            seeking.folders.update(path.rpartition("/")[0] for path in paths_of(entry))
            # What a datapoint waits for may appear in any folder that was looked at.
            if entry.complete_when and everywhere is None:
                everywhere = set(tree.looked_at())
            if entry.complete_when and everywhere:
                seeking.folders = everywhere
        for seeking in self.seeking.values():
            seeking.folders = {spelt_alike(one) if one else "" for one in seeking.folders}

    def _take_units(self, found: Iterable[Unit], entries: Mapping[str, Entry]) -> None:
        if self.again is not None:
            self.entries = entries
            self.units += found
            return
        for unit in found:
            self.packed[unit.key], self.summaries[unit.key] = unit.packed(), unit.summary()


@dataclass(frozen=True)
class _Placing:
    """The numbers of sources: by their places, and those that are one entry each."""

    sources: Mapping[Location, int]
    singles: Collection[int]
    per_file: Collection[int]

    @classmethod
    def of(cls, manifest: Manifest) -> _Placing:
        placed = manifest.sources()
        waits = manifest.defaults.complete_when
        return cls(
            {one.location: at for at, one in enumerate(placed)},
            {at for at, one in enumerate(placed) if is_single(one.source, waits)},
            {at for at, one in enumerate(placed) if is_per_file(one.source, waits)},
        )

    def place(self, entry: Entry) -> tuple[UnitKey, str]:
        return place_of(entry, self.sources, self.singles)

    def held(self, told: Told) -> Held:
        """A warning with what it is about."""
        problem, entry, source, names, file, number = told
        if entry is not None:
            return Held(problem, *self.place(entry), file=file, number=number)
        if names:
            # No unit has this number: -1 is that of single entries.
            return Held(problem, (-2, None), names=names)
        if source in self.singles:
            return Held(problem, DECLARED, str(source))
        if file and source in self.per_file:
            folder, _, name = file.rpartition("/")
            return Held(problem, (source, folder), name)
        return Held(problem, (source, None), is_of_all=source in self.per_file)
