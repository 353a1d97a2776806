"""The part of what was remembered that is expanded again for the changes since.

A folder that is as it was, and of which nothing else that was looked for has changed either, is
not expanded again. What cannot be told folder by folder is told source by source; and what cannot
be told so either is no case for it: then all is expanded.
"""

from __future__ import annotations

import posixpath
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Set
from dataclasses import dataclass
from functools import cached_property, partial

from rbsync.dataset.changes_since import Changes
from rbsync.dataset.expanding import SINGLES, Again
from rbsync.dataset.notes import Held
from rbsync.dataset.remembered import Remembered
from rbsync.dataset.unit_rows import Packed, Row
from rbsync.dataset.units import DECLARED, UnitKey, spelt_alike
from rbsync.files.part import NotInPartsError, Part
from rbsync.files.tree import Tree
from rbsync.model.bucket_paths import is_bucket
from rbsync.model.names import fold_of
from rbsync.sources.context import Rest

Load = Callable[[UnitKey], Packed | None]


def loaded(load: Load, key: UnitKey) -> Packed:
    """A unit as it was remembered. Raises NotInPartsError."""
    packed = load(key)
    if packed is None:
        raise NotInPartsError("what is remembered of a folder is not as it was written")
    return packed


@dataclass
class Expansion:
    """The part to be expanded again, and the rows that it had before.

    ``names`` are files by folder, ``whole`` sources of which nothing is left, ``singles`` those of
    one entry each.
    """

    names: dict[str, set[str] | None]
    whole: frozenset[int]
    singles: frozenset[int]
    before: dict[UnitKey, dict[str, Row]]
    """The rows that are looked at again, by their units: of a large folder mostly one."""

    def again(self, remembered: Remembered) -> Again:
        """The sources, and the part of the tree, that are looked at."""
        # Those that are gone too: a source that begins in one tells that it is not there.
        names = {
            folder: None if some is None else frozenset(some) for folder, some in self.names.items()
        }
        numbers = {source for source, folder in remembered.units if folder is not None}
        numbers.update(one.key[0] for one in remembered.held if one.is_of_all)
        rests = {number: self._rest(number, remembered) for number in numbers - self.whole}
        part = Part.of(names, remembered.seen)
        return Again(part, self.whole, self.singles, rests, remembered.most_in_parts)

    def _rest(self, number: int, remembered: Remembered) -> Rest:
        every = (one for key, one in remembered.units.items() if key[0] == number)
        before = sum(one.size for one in every)
        told = {
            (one.problem.code, one.problem.location): one.problem
            for one in remembered.held
            if one.is_of_all and one.key[0] == number
        }
        left = before - sum(1 for _ in self._files(number))
        return Rest(before, left, told, partial(self._files, number))

    def _files(self, number: int) -> Iterator[str]:
        for (source, folder), file, _ in self.old_rows():
            if source == number:
                yield f"{folder}/{file}" if folder else file

    def is_expanded(self, key: UnitKey, file: str) -> bool:
        """Tells whether a row of a unit is looked at again."""
        if key[0] in self.whole:
            return True
        if key == DECLARED:
            return int(file) in self.singles
        if key[1] is None or key[1] not in self.names:
            return False
        some = self.names[key[1]]
        return some is None or file in some

    def old_rows(self) -> Iterator[tuple[UnitKey, str, Row]]:
        """Yields what the rows were before that are looked at again."""
        for key, rows in self.before.items():
            for file, row in rows.items():
                yield key, file, row


def expansion_of(
    remembered: Remembered,
    changes: Changes,
    tree: Tree,
    wanted: Collection[str],
    load: Load,
    folds: Folds,
) -> Expansion:
    """The part to be expanded for changes, and for names that are wanted whatever they are.

    Raises NotInPartsError.
    """
    asking = _Asking(remembered, changes, load)
    for key, files in remembered.unsettled.items():
        asking.add(key, files)
    for key, found in folds.units_with(wanted).items():
        # Another name may have the same fold by chance.
        asking.add(key, asking.unit(key).files_named(found))
    whole = asking.sources(tree)
    for key, summary in remembered.units.items():
        # Sources that are expanded as a whole were asked above.
        is_looked_for = key[1] is not None or key == DECLARED
        if is_looked_for and key[0] not in whole and changes.concerns(summary.folders):
            asking.add(key, _files_asking(asking.unit(key), summary.folders, changes))
    return asking.expansion()


def _files_asking(unit: Packed, folders: Collection[str], changes: Changes) -> list[str]:
    """The files of a unit for which something was looked for that may be another one now."""
    if not any(map(changes.has_way, folders)):
        paths = [path for folder in folders for path in changes.by_folder.get(folder, ())]
        # Of a thousand folders that all have their labels in one, one has the label that changed.
        if len(paths) <= _FEW and not unit.may_ask_for(paths):
            return []
    return unit.files_asking(changes.has)


@dataclass
class _Asking:
    """Who asked for something that has changed."""

    remembered: Remembered
    changes: Changes
    load: Load

    def __post_init__(self) -> None:
        self._names: dict[str, set[str] | None] = {
            folder: None if some is None else set(some)
            for folder, some in self.changes.names.items()
        }
        self._whole: set[int] = set()
        self._singles: set[int] = set()

    def unit(self, key: UnitKey) -> Packed:
        """A unit as it was. Raises NotInPartsError."""
        return loaded(self.load, key)

    def sources(self, tree: Tree) -> set[int]:
        """The sources of which everything is looked at again."""
        self._whole |= self.changes.sources
        for number, one in self.remembered.seeking.items():
            unit = self.remembered.units.get((number, None))
            folders = (*one.folders, *(unit.folders if unit else ()))
            if number != SINGLES and (
                self.changes.concerns(folders)
                or not all(self._stands(o, tree) for o in one.witnesses)
            ):
                self._whole.add(number)
        self._whole |= self._with_sums()
        return self._whole

    def _with_sums(self) -> set[int]:
        """The sources of which something is told of all files together: of the rest of a part that
        is not known.
        """
        found = {one.key[0] for one in self.remembered.held if is_of_sum(one)}
        if not found or self.changes.paths or self.changes.whole:
            return found
        # Nothing has changed, and a few rows are looked at again all the same.
        units = self.remembered.units
        return found & {source for source, folder in units if folder in self._names}

    def add(self, key: UnitKey, files: Collection[str]) -> None:
        """Takes rows of a unit that are to be looked at again."""
        source, folder = key
        if not files:
            return
        if key == DECLARED:
            self._singles.update(map(int, files))
        elif folder is None:
            self._whole.add(source)
        else:
            some = self._names.setdefault(folder, set())
            if some is not None:
                some.update(files)

    def expansion(self) -> Expansion:
        """All of it, with the rows that it had."""
        # Of 50,000 files that are gone the rows and records of a part take 60 MB.
        if sum(map(self._number, self.remembered.units)) > self.remembered.most_in_parts:
            raise NotInPartsError("so many files are planned packed")
        before = {key: rows for key in self.remembered.units if (rows := self._rows(key))}
        whole, singles = frozenset(self._whole), frozenset(self._singles)
        return Expansion(self._names, whole, singles, before)

    def _rows(self, key: UnitKey) -> dict[str, Row]:
        """The rows of a unit that are looked at again."""
        source, folder = key
        if source in self._whole:
            return self.unit(key).rows()
        if key == DECLARED:
            wanted: Collection[str] | None = set(map(str, self._singles))
        else:
            wanted = () if folder is None else self._names.get(folder, ())
        if wanted is None:
            return self.unit(key).rows()
        return self.unit(key).some_rows(wanted) if wanted else {}

    def _number(self, key: UnitKey) -> int:
        """Returns how many rows of a unit of files are looked at again."""
        if key[1] is None or key[1] not in self._names:
            return 0
        unit, some = self.remembered.units[key], self._names[key[1]]
        return unit.size if some is None else min(len(some), unit.size)

    def _stands(self, witness: str, tree: Tree) -> bool:
        """Tells whether a file that speaks for its source is still there, whatever is in it."""
        # A template may lead through `..`, and folders are seen by their plain paths.
        plain = witness if is_bucket(witness) else posixpath.normpath(witness)
        folder, name = posixpath.split(plain)
        # Where the folder could not be looked into, nobody saw the file, nor will see it go.
        if self.changes.is_ruled(folder) or folder not in self.remembered.seen:
            return False
        if not self.changes.has(spelt_alike(witness)):
            return True
        listing = tree.seen(folder)
        return listing is not None and name in listing.names


_OF_PARTS = ("empty-source", "no-labels", "unused-exclude")
"""Warnings of a source as a whole that can be told again of a part, as `Rest` says."""


def is_of_sum(one: Held) -> bool:
    """Tells whether a warning is of all files of a source together, and of no part of it."""
    return one.is_of_all and one.problem.code not in _OF_PARTS


@dataclass
class Folds:
    """The names of all units, by what they look like; read when the first is looked for."""

    read: Callable[[], Iterable[tuple[UnitKey, array[int]]]]

    @cached_property
    def _all(self) -> list[tuple[UnitKey, array[int]]]:
        return list(self.read())

    def keys_with(self, names: Collection[str]) -> list[UnitKey]:
        """The units that may have some of the names, for who looks through them anyway."""
        folds = set(map(fold_of, names))
        return [key for key, column in self._all if folds and _found(folds, column)]

    def units_with(self, names: Collection[str]) -> dict[UnitKey, frozenset[str]]:
        """The units that may have some of the names, or names that look like them."""
        if not names:
            return {}
        wanted: dict[int, list[str]] = {}
        for name in names:
            wanted.setdefault(fold_of(name), []).append(name)
        keys = wanted.keys()
        return {
            key: frozenset(name for fold in hit for name in wanted[fold])
            for key, folds in self._all
            if (hit := _found(keys, folds))
        }


_FEW = 8


def _found(wanted: Set[int], folds: array[int]) -> Set[int]:
    """Those numbers that are among the folds."""
    # One file that came is looked for among 100,000. To make objects of all those takes most of
    # the time of its look.
    if len(wanted) > _FEW:
        return wanted & set(folds)
    text = folds.tobytes()
    return {one for one in wanted if _stands_in(text, array(folds.typecode, [one]).tobytes())}


def _stands_in(text: bytes, word: bytes) -> bool:
    at = text.find(word)
    while at % len(word) and at >= 0:
        at = text.find(word, at + 1)
    return at >= 0
