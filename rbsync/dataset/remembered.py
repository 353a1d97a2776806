"""The finds of a plan, folder by folder; and what the next one has to look at for it.

A folder that is as it was, and of which nothing else that was looked for has changed either, is
not expanded again. What cannot be told folder by folder is no case for it: then all is expanded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cached_property, partial

from rbsync.dataset.units import Packed, Row, Summary, UnitKey, any_suffix_of, fold_of, spelt_alike
from rbsync.files import compiled_scan
from rbsync.files.ignore import FILE as IGNORE_FILE
from rbsync.files.part import Part
from rbsync.files.tree import Tree

Load = Callable[[UnitKey], Packed | None]


class NotInPartsError(Exception):
    """A change cannot be told folder by folder: everything has to be expanded."""


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

    ``reads`` are files that say what else to look at. ``spans`` are the folders that sources looked
    at which are not expanded file by file. ``witnesses`` are files that show of a whole source
    that it is as it should be. ``labelled`` are the suffixes of label files by their folder.
    """

    seen: dict[str, Seen]
    reads: frozenset[str]
    units: dict[UnitKey, Summary]
    spans: frozenset[str]
    witnesses: tuple[str, ...]
    labelled: dict[str, frozenset[str]]

    @property
    def count(self) -> int:
        """The number of all datapoints."""
        return sum(one.count for one in self.units.values())

    @property
    def total(self) -> int:
        """The sum of all datapoints, as the dataset's digest is made of it."""
        return sum(one.total for one in self.units.values())

    def changed(self, tree: Tree, executor: Executor) -> list[str]:
        """The folders and files that are not as they were."""
        paths = list(self.seen)
        parts = [paths[at : at + _AT_ONCE] for at in range(0, len(paths), _AT_ONCE)]
        # Without the compiled listing threads would only wait for each other.
        does_pay = compiled_scan.available() and len(parts) > 1
        signatures = (executor.map if does_pay else map)(partial(_signatures, tree), parts)
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
    all their spellings are; ``whole`` the folders in which anything may have changed.
    """

    names: dict[str, set[str] | None] = field(default_factory=dict)
    paths: set[str] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)

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

    def concerns(self, folders: Iterable[str]) -> bool:
        """Tells whether something that was looked for in some folders may be another now."""
        return any(one in self.parents or self.has_way(one) for one in folders)


def changes_of(remembered: Remembered, tree: Tree, changed: Iterable[str]) -> Changes:
    """The changes in the paths that are not as they were. Raises NotInPartsError."""
    found = Changes()
    for path in changed:
        if path in remembered.reads:
            raise NotInPartsError(f"{path} says what else to look at")
        before, listing = remembered.seen[path], tree.seen(path)
        if listing is None:
            # It is gone, or cannot be seen, or is a file now.
            found.names[path] = None
            found.gone.add(path)
            found.add(path)
            continue
        rules = f"{path}/{IGNORE_FILE}" if path else IGNORE_FILE
        has_rules = IGNORE_FILE in listing.names or IGNORE_FILE in listing.links
        # New rules may leave out files in folders that did not change themselves.
        if has_rules and rules not in remembered.reads:
            raise NotInPartsError("there are new rules of what to leave out")
        if not before.files and not before.below:
            # It was not there, or could not be seen.
            found.add(path)
        now = seen_now(tree, path)
        _take_below(found, path, before.below, now.below)
        names: set[str] | None = set()
        if before.is_plain and now.is_plain:
            if before.files != now.files or not before.signature:
                names = tree.changed_names(path, before.files)
        else:
            names = None
        found.names[path] = names
        if names is None:
            found.whole.add(spelt_alike(path) if path else "")
        for name in names or ():
            found.add(f"{path}/{name}" if path else name)
    return found


def _take_below(found: Changes, path: str, before: Collection[str], now: Collection[str]) -> None:
    for name in set(before).symmetric_difference(now):
        found.add(f"{path}/{name}" if path else name)


@dataclass
class Expansion:
    """The part to be expanded again: files by folder, and the rows that they had before."""

    names: dict[str, set[str] | None]
    before: dict[UnitKey, dict[str, Row]]
    """All rows of the units that something of is expanded again."""
    gone: frozenset[str]

    def part(self, known: Iterable[str]) -> Part:
        """The part of the tree that is looked at."""
        names = {
            folder: None if some is None else frozenset(some)
            for folder, some in self.names.items()
            if folder not in self.gone
        }
        return Part.of(names, known)

    def is_expanded(self, key: UnitKey, file: str) -> bool:
        """Tells whether a file of a unit is looked at again."""
        if key[1] is None or key[1] not in self.names:
            return False
        some = self.names[key[1]]
        return some is None or file in some

    def old_rows(self) -> Iterator[tuple[UnitKey, str, Row]]:
        """Yields what the files were before that are looked at again."""
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
    if changes.concerns(remembered.spans):
        raise NotInPartsError("a source that is expanded as a whole looked there")
    if not all(_stands(one, changes, tree) for one in remembered.witnesses):
        raise NotInPartsError("a file has changed that speaks for a whole source")
    names: dict[str, set[str] | None] = {
        folder: None if some is None else set(some) for folder, some in changes.names.items()
    }
    loaded: dict[UnitKey, dict[str, Row]] = {}

    def rows(key: UnitKey) -> dict[str, Row]:
        if key not in loaded:
            packed = load(key)
            if packed is None:
                raise NotInPartsError("what is remembered of a folder is not as it was written")
            loaded[key] = packed.rows()
        return loaded[key]

    for key, summary in remembered.units.items():
        if key[1] is not None and changes.concerns(summary.folders):
            asking = [f for f, row in rows(key).items() if any(map(changes.has, row.asked))]
            _add(names, key[1], asking)
    for key, found in folds.units_with(wanted).items():
        # Of such a unit no file is known that could be expanded by itself.
        if key[1] is None:
            raise NotInPartsError("a name is of a source that is expanded as a whole")
        _add(names, key[1], [f for f, row in rows(key).items() if row.name in found])
    before = {key: rows(key) for key in remembered.units if key[1] is not None and key[1] in names}
    return Expansion(names, before, frozenset(changes.gone))


def _stands(witness: str, changes: Changes, tree: Tree) -> bool:
    """Tells whether a file that speaks for its source is still there, whatever is in it."""
    if not changes.has(spelt_alike(witness)):
        return True
    folder, _, name = witness.rpartition("/")
    listing = tree.seen(folder)
    return listing is not None and name in listing.names


def _add(names: dict[str, set[str] | None], folder: str, files: Collection[str]) -> None:
    some = names.setdefault(folder, set()) if files else None
    if some is not None:
        some.update(files)


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
