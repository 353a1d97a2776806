"""Notes that are taken while a dataset is built, so that the next time a part of it will do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rbsync.dataset.findings import Findings
from rbsync.dataset.units import Packed, Summary, Unit, UnitKey, paths_of, spelt_alike, units_of
from rbsync.errors import Location
from rbsync.files.kinds import suffix_of
from rbsync.files.tree import Tree
from rbsync.manifest.load import Manifest
from rbsync.model.datapoint import Datapoint
from rbsync.sources.base import Entry


@dataclass
class Notes:
    """Taken by whoever builds. ``known`` are the folders of label files that need no look.

    ``is_quiet`` says that there was nothing to tell: what was found speaks for itself. ``entries``
    are kept of a part alone, for of all there may be a million.
    """

    is_wanted: bool = False
    known: frozenset[str] = frozenset()
    is_quiet: bool = False
    witnesses: list[str] = field(default_factory=list)
    spans: set[str] = field(default_factory=set)
    units: list[Unit] = field(default_factory=list)
    packed: dict[UnitKey, Packed] = field(default_factory=dict)
    summaries: dict[UnitKey, Summary] = field(default_factory=dict)
    labelled: dict[str, set[str]] = field(default_factory=dict)
    entries: Mapping[str, Entry] = field(default_factory=dict)

    def take(
        self,
        manifest: Manifest,
        entries: Mapping[str, Entry],
        datapoints: Iterable[Datapoint],
        findings: Findings,
        tree: Tree,
    ) -> None:
        """Notes what came of entries, unless there is something to tell of them."""
        told = (findings.problems, findings.unread, findings.warnings, findings.doubts)
        self.is_quiet = not (any(told) or findings.obstacles)
        if not self.is_quiet:
            return
        sources = sources_by_place(manifest)
        for entry in entries.values():
            if entry.labels_at and isinstance(entry.labels, str):
                folder, _, name = entry.labels.rpartition("/")
                self.labelled.setdefault(folder, set()).add(suffix_of(name))
            if not entry.found_at:
                self.spans.update(path.rpartition("/")[0] for path in paths_of(entry))
        if any(entry.complete_when for entry in entries.values()):
            self.spans.update(tree.looked_at())
        self.spans = {spelt_alike(one) if one else "" for one in self.spans}
        found = units_of(entries, {one.name: one for one in datapoints}, sources, tree)
        try:
            self._take_units(found, entries if tree.part is not None else None)
        except OSError:
            # A link leads nowhere by now.
            self.is_quiet = False

    def _take_units(self, found: Iterable[Unit], part: Mapping[str, Entry] | None) -> None:
        if part is not None:
            self.entries = part
            self.units += found
            return
        for unit in found:
            self.packed[unit.key], self.summaries[unit.key] = unit.packed(), unit.summary()


def sources_by_place(manifest: Manifest) -> dict[Location, int]:
    """The numbers of the sources, by the place that their entries come from."""
    placed = manifest.sources()
    return {one.location: at for at, one in enumerate(placed)}
