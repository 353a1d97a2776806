"""The finds of a plan, folder by folder; and what the next one has to look at for it.

A folder that is as it was, and of which nothing else that was looked for has changed either, is
not expanded again. What cannot be told folder by folder is told source by source; and what cannot
be told so either is no case for it: then all is expanded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING

from rbsync.dataset.expanding import SINGLES, Again, Seeking
from rbsync.dataset.notes import Held
from rbsync.dataset.told import Stray, in_full
from rbsync.dataset.units import (
    DECLARED,
    Packed,
    Row,
    Summary,
    UnitKey,
    any_suffix_of,
    spelt_alike,
)
from rbsync.dataset.without_effect import unused_rules
from rbsync.errors import Problem
from rbsync.files import compiled_scan
from rbsync.files.ignore import FILE as IGNORE_FILE
from rbsync.files.ignore import Match
from rbsync.files.part import NotInPartsError, Part
from rbsync.files.tree import Tree
from rbsync.model.names import fold_of
from rbsync.sources.context import Rest

if TYPE_CHECKING:
    from concurrent.futures import Executor

Load = Callable[[UnitKey], Packed | None]


@dataclass(slots=True)
class Seen:
    """A folder, or a file that was read, as it was seen.

    ``files`` is the signature of its files alone, and ``below`` its folders. ``is_plain`` says that
    it has nothing but files and folders.
    """

    signature: str
    files: bytes = b""
    below: tuple[str, ...] = ()
    is_plain: bool = True


@dataclass
class Remembered:
    """All that was seen, and the units that came of it.

    ``reads`` are files that say what else to look at, and ``rules`` those of them that say what to
    leave out. ``seeking`` is what sources looked at, by their numbers. ``strays`` and ``held`` are
    what is to be told; ``unsettled`` are rows to be looked at again whatever has changed, and
    ``matched`` paths that show of rules that they leave something out.
    """

    seen: dict[str, Seen]
    reads: frozenset[str]
    rules: frozenset[str]
    units: dict[UnitKey, Summary]
    seeking: dict[int, Seeking]
    strays: Mapping[str, Stray]
    held: Sequence[Held]
    unsettled: Mapping[UnitKey, frozenset[str]]
    matched: dict[str, Match]

    @property
    def count(self) -> int:
        """The number of all datapoints."""
        return sum(one.count for one in self.units.values())

    def warnings(self, tree: Tree, manifest: str) -> tuple[Problem, ...]:
        """The warnings of all that is there; ``manifest`` is the manifest's file.

        Brings ``matched`` up to date: rules are about folders, too, that nobody looks into.
        """
        for path in self.rules:
            tree.take_rules_at(path)
        return in_full(self.held, self.strays, unused_rules(tree, self.matched), manifest)

    @property
    def total(self) -> int:
        """The sum of all datapoints, as the dataset's digest is made of it."""
        return sum(one.total for one in self.units.values())

    def changed(self, tree: Tree, open_executor: Callable[[], Executor]) -> list[str]:
        """The folders and files that are not as they were.

        The executor is opened for many of them alone.
        """
        paths = list(self.seen)
        parts = [paths[at : at + _AT_ONCE] for at in range(0, len(paths), _AT_ONCE)]
        # Without the compiled listing threads would only wait for each other.
        does_pay = compiled_scan.available() and len(parts) > 1
        signatures = (open_executor().map if does_pay else map)(partial(_signatures, tree), parts)
        now = (one for some in signatures for one in some)
        return [path for path, one in zip(paths, now, strict=True) if self._differs(path, one)]

    def _differs(self, path: str, now: str) -> bool:
        # Empty is what cannot be seen now, and what could change unseen then: neither equals
        # anything.
        return not now or self.seen[path].signature != now


_AT_ONCE = 16


def _signatures(tree: Tree, paths: Sequence[str]) -> list[str]:
    return [tree.signature([path]) for path in paths]


def seen_now(tree: Tree, path: str) -> Seen:
    """The facts to be remembered of a folder, or of a file that was read."""
    listing = tree.seen(path)
    if listing is None:
        return Seen(tree.signature([path]))
    # A file that was written in the last seconds may change again within the same tick of the
    # clock.
    signature = "" if tree.is_racy(path) else tree.signature([path])
    is_plain = not listing.links and not listing.odd
    return Seen(signature, tree.files_signature(path), tuple(listing.folders), is_plain)


@dataclass
class Changes:
    """The changes in a tree since something was remembered of it.

    ``names`` are the changed files of folders, None for all. ``paths`` are the changed paths, as
    all their spellings are; ``whole`` the folders in which anything may have changed. ``ruled`` are
    folders whose rules of what to leave out are others now, with all that is below them, and
    ``sources`` those that read something else now.
    """

    names: dict[str, set[str] | None] = field(default_factory=dict)
    paths: set[str] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    ruled: set[str] = field(default_factory=set)
    sources: set[int] = field(default_factory=set)

    def add(self, path: str) -> None:
        """Takes in a path that changed."""
        alike = spelt_alike(path)
        self.paths.add(alike)
        # A template may look for a file of any suffix: a new suffix is a change for it too.
        self.paths.add(any_suffix_of(alike))

    @cached_property
    def parents(self) -> frozenset[str]:
        """The folders in which something changed; asked once all is taken in."""
        return frozenset(one.rpartition("/")[0] for one in self.paths) | self.whole

    def has(self, path: str) -> bool:
        """Tells whether a path may lead to something else now."""
        return path in self.paths or self.has_way(path.rpartition("/")[0])

    def has_way(self, folder: str) -> bool:
        """Tells whether a folder, or one on the way to it, is another one now."""
        if folder in self.whole:
            return True
        while folder:
            if folder in self.paths:
                return True
            folder = folder.rpartition("/")[0]
        return False

    def is_ruled(self, folder: str) -> bool:
        """Tells whether what is left out of a folder may be something else now."""
        return any(not one or f"{folder}/".startswith(f"{one}/") for one in self.ruled)

    def concerns(self, folders: Iterable[str]) -> bool:
        """Tells whether something that was looked for in some folders may be another now."""
        return any(one in self.parents or self.has_way(one) for one in folders)


def changes_of(remembered: Remembered, tree: Tree, changed: Iterable[str]) -> Changes:
    """The changes in the paths that are not as they were. Raises NotInPartsError."""
    found = Changes()
    for path in changed:
        if path in remembered.rules:
            found.ruled.add(path.rpartition("/")[0])
        # Rules were read too, but a change of them concerns folders, and not who read them.
        elif path in remembered.reads:
            _take_read(found, path, remembered)
        before, listing = remembered.seen[path], tree.seen(path)
        if listing is None:
            # It is gone, or cannot be seen, or is a file now.
            found.names[path] = None
            found.gone.add(path)
            found.add(path)
            continue
        rules = f"{path}/{IGNORE_FILE}" if path else IGNORE_FILE
        # New rules may leave out files in folders that did not change themselves.
        if (IGNORE_FILE in listing.names or IGNORE_FILE in listing.links) and (
            rules not in remembered.rules
        ):
            found.ruled.add(path)
        _take_folder(found, path, before, tree)
    for path in remembered.seen if found.ruled else ():
        if found.is_ruled(path):
            found.names[path] = None
            found.whole.add(spelt_alike(path) if path else "")
    return found


def _take_read(found: Changes, path: str, remembered: Remembered) -> None:
    readers = {number for number, one in remembered.seeking.items() if path in one.reads}
    if not readers:
        raise NotInPartsError(f"{path} says what else to look at")
    # Of single entries each says itself what it asked for.
    found.sources |= readers - {SINGLES}


def _take_folder(found: Changes, path: str, before: Seen, tree: Tree) -> None:
    if not before.files and not before.below:
        # It was not there, or could not be seen.
        found.add(path)
    now = seen_now(tree, path)
    _take_below(found, path, before.below, now.below)
    names: set[str] | None = set()
    if before.is_plain and now.is_plain:
        # Without a signature a file may have changed in the same tick of the clock, so that equal
        # stats prove nothing.
        if before.files != now.files or not before.signature:
            names = tree.changed_names(path, before.files)
    else:
        # The stats of links and odd files say nothing of what is behind them.
        names = None
    found.names[path] = names
    if names is None:
        found.whole.add(spelt_alike(path) if path else "")
    for name in names or ():
        found.add(f"{path}/{name}" if path else name)


def _take_below(found: Changes, path: str, before: Collection[str], now: Collection[str]) -> None:
    for name in set(before).symmetric_difference(now):
        found.add(f"{path}/{name}" if path else name)


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
    """All rows of the units that something of is expanded again."""
    gone: frozenset[str]

    def again(self, remembered: Remembered) -> Again:
        """The sources, and the part of the tree, that are looked at."""
        names = {
            folder: None if some is None else frozenset(some)
            for folder, some in self.names.items()
            if folder not in self.gone
        }
        numbers = {source for source, folder in remembered.units if folder is not None}
        numbers.update(one.key[0] for one in remembered.held if one.is_of_all)
        rests = {number: self._rest(number, remembered) for number in numbers - self.whole}
        return Again(Part.of(names, remembered.seen), self.whole, self.singles, rests)

    def _rest(self, number: int, remembered: Remembered) -> Rest:
        every = (one for key, one in remembered.units.items() if key[0] == number)
        before = sum(one.count + one.blocked for one in every)
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
                if self.is_expanded(key, file):
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
    whole = asking.sources(tree)
    for key, files in remembered.unsettled.items():
        asking.add(key, files)
    for key, found in folds.units_with(wanted).items():
        # Another name may have the same fold by chance.
        asking.add(key, [f for f, row in asking.rows(key).items() if row.name in found])
    for key, summary in remembered.units.items():
        # Sources that are expanded as a whole were asked above.
        is_looked_for = key[1] is not None or key == DECLARED
        if is_looked_for and key[0] not in whole and changes.concerns(summary.folders):
            rows = asking.rows(key).items()
            asking.add(key, [f for f, row in rows if any(map(changes.has, row.asked))])
    return asking.expansion()


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
        self._loaded: dict[UnitKey, dict[str, Row]] = {}
        self._whole: set[int] = set()
        self._singles: set[int] = set()

    def rows(self, key: UnitKey) -> dict[str, Row]:
        """The rows of a unit. Raises NotInPartsError."""
        if key not in self._loaded:
            packed = self.load(key)
            if packed is None:
                raise NotInPartsError("what is remembered of a folder is not as it was written")
            self._loaded[key] = packed.rows()
        return self._loaded[key]

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
        if self.changes.paths or self.changes.whole:
            # What is told of all its files together is not known of the rest.
            self._whole |= {one.key[0] for one in self.remembered.held if _is_of_sum(one)}
        return self._whole

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
        before = {
            key: self.rows(key)
            for key in self.remembered.units
            if key[0] in self._whole
            or (key == DECLARED and self._singles)
            or (key[1] is not None and key[1] in self._names)
        }
        whole, singles = frozenset(self._whole), frozenset(self._singles)
        return Expansion(self._names, whole, singles, before, frozenset(self.changes.gone))

    def _stands(self, witness: str, tree: Tree) -> bool:
        """Tells whether a file that speaks for its source is still there, whatever is in it."""
        folder, _, name = witness.rpartition("/")
        if self.changes.is_ruled(folder):
            return False
        if not self.changes.has(spelt_alike(witness)):
            return True
        listing = tree.seen(folder)
        return listing is not None and name in listing.names


_OF_PARTS = ("empty-source", "no-labels", "unused-exclude")
"""Warnings of a source as a whole that can be told again of a part, as `Rest` says."""


def _is_of_sum(one: Held) -> bool:
    return one.is_of_all and one.problem.code not in _OF_PARTS


@dataclass
class Folds:
    """The names of all units, by what they look like; read when the first is looked for."""

    read: Callable[[], Iterable[tuple[UnitKey, Collection[int]]]]

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
            for key, folds in self.read()
            if (hit := keys & set(folds))
        }
