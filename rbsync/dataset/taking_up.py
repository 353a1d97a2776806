"""The memory of a plan, brought up to date by the part that was expanded again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rbsync.dataset.notes import Notes
from rbsync.dataset.remembered import (
    Changes,
    Expansion,
    Folds,
    Load,
    NotInPartsError,
    Remembered,
    seen_now,
)
from rbsync.dataset.units import Packed, Row, Summary, Unit, UnitKey, spelt_alike
from rbsync.files.kinds import suffix_of
from rbsync.files.tree import Tree
from rbsync.sources.base import Entry, MaskLabels


@dataclass(frozen=True)
class TakenUp:
    """The memory from now on; ``packed`` are the units that changed, None for one gone."""

    remembered: Remembered
    packed: Mapping[UnitKey, Packed | None]


@dataclass(frozen=True)
class TakingUp:
    """The memory from before, how it changed, and what came of it."""

    remembered: Remembered
    changes: Changes
    expansion: Expansion
    notes: Notes
    tree: Tree
    load: Load
    folds: Folds

    def check(self) -> None:
        """Raises NotInPartsError where the part and the rest have to do with each other.

        Within the part it was looked at already, and within the rest there was nothing to tell.
        """
        self._check_names()
        self._check_shared()
        self._check_strays()

    def taken_up(self) -> TakenUp:
        """The memory from now on."""
        units = dict(self.remembered.units)
        packed: dict[UnitKey, Packed | None] = {}
        new = {unit.key: unit.rows for unit in self.notes.units}
        for key in {**self.expansion.before, **new}:
            rows = {**dict(self._left(key)), **new.get(key, {})}
            unit = Unit(*key, dict(sorted(rows.items())))
            if unit.rows:
                units[key], packed[key] = unit.summary(), unit.packed()
            else:
                units.pop(key, None)
                packed[key] = None
        return TakenUp(self._now(units), packed)

    def _now(self, units: dict[UnitKey, Summary]) -> Remembered:
        before, tree = self.remembered, self.tree
        seen = dict(before.seen)
        for path in {*tree.folders(), *self.changes.names}:
            if path in self.changes.names or path not in seen:
                seen[path] = seen_now(tree, path)
        labelled = dict(before.labelled)
        for folder, suffixes in self.notes.labelled.items():
            labelled[folder] = labelled.get(folder, frozenset()) | suffixes
        for path in self.changes.gone:
            # If it comes again, the folder above it will have changed.
            if path.rpartition("/")[0] in seen and path and seen[path].files == b"":
                del seen[path]
        reads = before.reads.union(tree.reads())
        return Remembered(seen, reads, units, before.spans, before.witnesses, labelled)

    def _left(self, key: UnitKey) -> Iterator[tuple[str, Row]]:
        """Yields the rows of a unit that were not expanded again."""
        for file, row in self.expansion.before.get(key, {}).items():
            if not self.expansion.is_expanded(key, file):
                yield file, row

    def _rows(self, key: UnitKey) -> Iterator[tuple[str, Row]]:
        """Yields the rows that were not expanded again, also of a unit that was not touched."""
        if key in self.expansion.before:
            yield from self._left(key)
            return
        packed = self.load(key)
        if packed is None:
            raise NotInPartsError("what is remembered of a folder is not as it was written")
        yield from packed.rows().items()

    def _check_names(self) -> None:
        before = {row.name for _, _, row in self.expansion.old_rows()}
        added = {
            row.name: row.fold
            for unit in self.notes.units
            for row in unit.rows.values()
            if row.name not in before
        }
        folds = set(added.values())
        for key in self.folds.units_with(added):
            # A fold is a hash: two other names may share it, but then the slow way only costs time.
            if any(row.fold in folds for _, row in self._rows(key)):
                raise NotInPartsError("a name is taken, or looks like another one")

    def _check_shared(self) -> None:
        """Looks for items and masks of the part that somebody else may have."""
        old = {(key, file): row for key, file, row in self.expansion.old_rows()}
        rows = {
            row.name: (unit.key, file, row)
            for unit in self.notes.units
            for file, row in unit.rows.items()
        }
        wanted: set[str] = set()
        for name, entry in self.notes.entries.items():
            key, file, _ = rows[name]
            known = old.get((key, file))
            paths = {spelt_alike(one) for one in _shareable(entry)}
            # What has changed was looked for anew by all who look for it.
            wanted |= {
                one
                for one in paths
                if not self.changes.has(one) and (known is None or one not in known.asked)
            }
        # Only a plan of everything can tell whose file it is, and names both datapoints.
        if wanted and any(self._owners(wanted)):
            raise NotInPartsError("a file may be in two datapoints")

    def _owners(self, wanted: set[str]) -> Iterator[bool]:
        folders = {one.rpartition("/")[0] for one in wanted}
        for key, summary in self.remembered.units.items():
            if key[1] is not None:
                own = spelt_alike(key[1]) if key[1] else ""
                if own in folders or not folders.isdisjoint(summary.folders):
                    prefix = f"{own}/" if own else ""
                    for file, row in self._rows(key):
                        yield prefix + spelt_alike(file) in wanted
                        yield not wanted.isdisjoint(row.asked)
        yield not folders.isdisjoint(self.remembered.spans)

    def _check_strays(self) -> None:
        """Looks for label files of the rest's folders that no datapoint has any more."""
        known, used = self.remembered.labelled, self._used()
        for folder, names in used.items():
            # Files of the new suffix that lay there before were no strays then, and may be now.
            if folder in known and not {suffix_of(one) for one in names} <= known[folder]:
                raise NotInPartsError("label files have another suffix")
        for folder, suffixes in known.items():
            for name in self._loose(folder):
                left = name not in used.get(folder, ()) and suffix_of(name) in suffixes
                if left and not self._is_no_label(folder, name):
                    raise NotInPartsError("a label file may belong to no datapoint")

    def _used(self) -> dict[str, set[str]]:
        used: dict[str, set[str]] = {}
        for entry in self.notes.entries.values():
            if entry.labels_at and isinstance(entry.labels, str):
                folder, _, name = entry.labels.rpartition("/")
                used.setdefault(folder, set()).add(name)
        return used

    def _loose(self, folder: str) -> Iterable[str]:
        """The files of a folder that changed, or that were looked for before and may not be now."""
        own = spelt_alike(folder) if folder else ""
        dropped = {
            one.rpartition("/")[2]
            for _, _, row in self.expansion.old_rows()
            for one in row.asked
            if one.rpartition("/")[0] == own
        }
        changed = self.changes.names.get(folder, set())
        if not dropped and changed == set():
            return
        try:
            listing = self.tree.listing(folder)
        except OSError:
            return
        for name in (*listing.names, *listing.links):
            if changed is None or name in changed or spelt_alike(name) in dropped:
                yield name

    def _is_no_label(self, folder: str, name: str) -> bool:
        path = f"{folder}/{name}" if folder else name
        is_read = path in self.remembered.reads or self.tree.was_read(path)
        return name[0] == "." or is_read or self.tree.ignored(path)


def _shareable(entry: Entry) -> Iterator[str]:
    """Yields the files of an entry that are told of when another one has them too."""
    yield from (item for item in entry.items if item != entry.found_at)
    if isinstance(entry.labels, MaskLabels):
        yield from (file for file in entry.labels.files if file != entry.found_at)
