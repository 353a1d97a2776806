"""The memory of a plan, brought up to date by the part that was expanded again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from rbsync.dataset.changes_since import Changes
from rbsync.dataset.expanding import Seeking
from rbsync.dataset.notes import Held, Notes
from rbsync.dataset.partial_expansion import Expansion, Folds, Load, is_of_sum, loaded
from rbsync.dataset.remembered import Remembered, Seen, seen_now
from rbsync.dataset.told import Stray
from rbsync.dataset.unit_rows import Packed, Row
from rbsync.dataset.units import Summary, UnitKey, spelt_alike
from rbsync.dataset.without_effect import loose_labels
from rbsync.errors import Location
from rbsync.files.part import NotInPartsError
from rbsync.files.tree import Tree
from rbsync.sources.entry import NOT_LOOKED_FOR, Entry, MaskLabels


@dataclass(frozen=True)
class TakenUp:
    """The memory from now on; ``packed`` are the units that changed, None for one gone.

    They are made as they are asked for, of what is remembered until then.
    """

    remembered: Remembered
    packed: Iterable[tuple[UnitKey, Packed | None]]


@dataclass(frozen=True)
class _ChangedUnits:
    """The rows of units as they were and as they are, where they are others."""

    rows: Mapping[UnitKey, tuple[Mapping[str, Row], Mapping[str, Row]]]
    units: Mapping[UnitKey, Summary]
    load: Load

    def __iter__(self) -> Iterator[tuple[UnitKey, Packed | None]]:
        # One after another: of a change in each folder all of them are as much as all names.
        for key, (before, now) in self.rows.items():
            if key not in self.units:
                yield key, None
            elif self.units[key].size == len(now):
                yield key, Packed.of(now)
            else:
                yield key, loaded(self.load, key).changed(before, now)


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
    origins: Sequence[Location]
    """The places of the sources, by their numbers."""

    def check(self) -> None:
        """Raises NotInPartsError where the part and the rest have to do with each other.

        Within the part it was looked at already, and within the rest what there is was told.
        """
        self._check_names()
        self._check_shared()
        self._check_several()

    def taken_up(self) -> TakenUp:
        """The memory from now on."""
        units = dict(self.remembered.units)
        new = {unit.key: unit.rows for unit in self.notes.units}
        old: Mapping[UnitKey, Mapping[str, Row]] = self.expansion.before
        keys = dict.fromkeys((*old, *new))
        rows = {key: (old.get(key, {}), new.get(key, {})) for key in keys}
        for key, (before, now) in rows.items():
            summary = units.pop(key, _NOTHING)
            summary = summary.changed(before, now, partial(loaded, self.load, key))
            if summary.size:
                units[key] = summary
        left = self._left_rules(units)
        self._check_rules(left)
        return TakenUp(self._now(units, left), _ChangedUnits(rows, units, self.load))

    def _check_rules(self, left: Collection[str]) -> None:
        """Raises NotInPartsError where rules lie in a folder that nobody may look into any more.

        A plan of everything would not read them, and say nothing of those that match nothing.
        """
        ruled = self.changes.ruled
        for path in self.remembered.rules:
            folder = path.rpartition("/")[0]
            is_below = bool(folder) and folder not in ruled and self.changes.is_ruled(folder)
            if (path in left or is_below) and self._is_there(path):
                raise NotInPartsError("there are rules that may not be read any more")

    def _left_rules(self, units: Mapping[UnitKey, Summary]) -> frozenset[str]:
        """The rules for folders in which labels were looked for, and are no more."""
        now = _with_above(_labelled(units))
        left = _with_above(_labelled(self.remembered.units)) - now
        return frozenset(path for path in self.remembered.rules if path.rpartition("/")[0] in left)

    def _is_there(self, path: str) -> bool:
        try:
            self.tree.place(path)
        except OSError:
            return False
        return True

    def _now(self, units: dict[UnitKey, Summary], left: Collection[str]) -> Remembered:
        before, tree = self.remembered, self.tree
        # First, for it reads the rules of folders of labels, and who does not remember those says
        # nothing the next time of one that matches nothing.
        strays = self._strays(units)
        reads = before.reads.union(tree.reads())
        return Remembered(
            self._seen(reads),
            reads,
            before.rules.difference(left) | tree.rules(),
            units,
            self._seeking(),
            strays,
            self._held(),
            self._unsettled(),
            dict(before.matched),
        )

    def _seen(self, reads: Collection[str]) -> dict[str, Seen]:
        tree, seen = self.tree, dict(self.remembered.seen)
        for path in {*tree.folders(), *self.changes.names}:
            if path in self.changes.names or path not in seen:
                seen[path] = seen_now(tree, path)
        for path in self.changes.gone.difference(reads, tree.folders()):
            # If it comes again, the folder above it will have changed. Where somebody still looks
            # for something in it that need not tell: it may come again as a link.
            if path.rpartition("/")[0] in seen and path and seen[path].files == b"":
                del seen[path]
        return seen

    def _seeking(self) -> dict[int, Seeking]:
        found = dict(self.remembered.seeking)
        of_all = {one.key[0] for one in self.remembered.held if one.is_of_all}
        for number, new in self.notes.seeking.items():
            old = found.get(number)
            if old is None or number in self.expansion.whole:
                found[number] = new
                continue
            # What was nowhere before may be in the part, and then speaks for the source.
            witnesses = [*old.witnesses, *(new.witnesses if number in of_all else ())]
            found[number] = Seeking(old.folders | new.folders, old.reads | new.reads, witnesses)
        return found

    def _held(self) -> list[Held]:
        kept = (one for one in self.remembered.held if not self._is_told_again(one))
        return [*kept, *self.notes.held]

    def _is_told_again(self, one: Held) -> bool:
        # None of these names is in the part: `_check_several` has refused that.
        if one.names:
            return False
        if one.is_of_all and not is_of_sum(one):
            return True
        return one.key[0] in self.expansion.whole or (
            bool(one.row) and self.expansion.is_expanded(one.key, one.row)
        )

    def _unsettled(self) -> dict[UnitKey, frozenset[str]]:
        # All of them were looked at again.
        return {key: frozenset(rows) for key, rows in self.notes.unsettled.items()}

    def _rows(self, key: UnitKey) -> Iterator[tuple[str, Row]]:
        """Yields the rows of a unit that were not expanded again."""
        for file, row in loaded(self.load, key).rows().items():
            if not self.expansion.is_expanded(key, file):
                yield file, row

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
            own = spelt_alike(key[1]) if key[1] else ""
            is_own = key[1] is not None and own in folders
            if is_own or not folders.isdisjoint(summary.folders):
                prefix = f"{own}/" if own else ""
                for file, row in self._rows(key):
                    yield is_own and prefix + spelt_alike(file) in wanted
                    yield not wanted.isdisjoint(row.asked)

    def _check_several(self) -> None:
        """Looks for what is told of several datapoints, of which some are of the part."""
        if any(one.names for one in self.notes.held):
            raise NotInPartsError("there is something to tell of several datapoints")
        told = [one.names for one in self.remembered.held if one.names]
        if not told:
            return
        touched = {row.name for _, _, row in self.expansion.old_rows()} | self.notes.entries.keys()
        if not all(touched.isdisjoint(names) for names in told):
            raise NotInPartsError("what is told of several datapoints may be told of others")

    def _strays(self, units: Mapping[UnitKey, Summary]) -> dict[str, Stray]:
        """The label files that no datapoint has, in all folders of label files."""
        before, now = _labelled(self.remembered.units), _labelled(units)
        dropped = self._label_names(row for _, _, row in self.expansion.old_rows())
        used = self._label_names(row for one in self.notes.units for row in one.rows.values())
        found = {}
        for folder, (source, suffixes) in now.items():
            old = self.remembered.strays.get(folder)
            known = frozenset(old.names if old else ())
            # Of a folder that could not be looked into nobody knows what changed.
            unchanged = frozenset[str]() if folder in self.remembered.seen else None
            changed: Collection[str] | None = self.changes.names.get(folder, unchanged)
            taken = used.get(folder, _NONE)
            touched = known | dropped.get(folder, _NONE) | taken
            # Files of a new suffix that lay there before were no strays then, and may be now.
            is_known = folder in before and before[folder][1] == suffixes and changed is not None
            among = touched.union(changed or ()) if is_known else None
            # The image of a stray may have come, which changes nothing in the folder of its label.
            if is_known and not changed and touched == known and not taken:
                names = known
            else:
                names = self._loose(folder, suffixes, among) - taken
                # What was a stray before belongs to no row that is left; a new one may.
                names -= self._left_labels(units, folder) if names - known else _NONE
            if names:
                found[folder] = Stray(tuple(sorted(names)), self.origins[source])
        return found

    def _label_names(self, rows: Iterable[Row]) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for row in rows:
            if row.labels:
                folder, _, name = row.labels.removeprefix(NOT_LOOKED_FOR).rpartition("/")
                found.setdefault(folder, set()).add(name)
        return {folder: frozenset(names) for folder, names in found.items()}

    def _loose(
        self, folder: str, suffixes: Collection[str], among: Collection[str] | None
    ) -> frozenset[str]:
        reads, prefix = self.remembered.reads, f"{folder}/" if folder else ""
        found = loose_labels(folder, suffixes, self.tree, among)
        return frozenset(name for name in found if prefix + name not in reads)

    def _left_labels(self, units: Iterable[UnitKey], folder: str) -> frozenset[str]:
        """The label files in a folder of datapoints that were not expanded again."""
        rows = (
            row
            for key in units
            if key in self.remembered.units and folder in self.remembered.units[key].labelled
            for _, row in self._rows(key)
        )
        return self._label_names(rows).get(folder, _NONE)


_NONE: frozenset[str] = frozenset()
_NOTHING = Summary(0, 0, ())


def _labelled(units: Mapping[UnitKey, Summary]) -> dict[str, tuple[int, frozenset[str]]]:
    """The folders of label files: the first source that looks there, and the files' suffixes."""
    found: dict[str, tuple[int, frozenset[str]]] = {}
    for (source, _), one in units.items():
        for folder, suffixes in one.labelled.items():
            # Masks of its own lie there, and it looked for none.
            if not suffixes:
                continue
            first, known = found.get(folder, (source, _NONE))
            found[folder] = (min(first, source), known.union(suffixes))
    return found


def _with_above(folders: Iterable[str]) -> set[str]:
    """Folders with all that they lie in, but for the manifest's own."""
    found = set()
    for one in folders:
        folder = one
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def _shareable(entry: Entry) -> Iterator[str]:
    """Yields the files of an entry that are told of when another one has them too."""
    yield from (item for item in entry.items if item != entry.found_at)
    if isinstance(entry.labels, MaskLabels):
        yield from (file for file in entry.labels.files if file != entry.found_at)
