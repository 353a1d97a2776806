"""The changes in a tree since something was remembered of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from rbsync.dataset.expanding import SINGLES
from rbsync.dataset.remembered import Remembered, Seen, seen_now
from rbsync.dataset.units import any_suffix_of, spelt_alike
from rbsync.files.ignore import FILE as IGNORE_FILE
from rbsync.files.part import NotInPartsError
from rbsync.files.tree import Tree


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
        return frozenset(self.by_folder) | self.whole

    @cached_property
    def by_folder(self) -> dict[str, list[str]]:
        """The changed paths by the folder of each; asked once all is taken in."""
        found: dict[str, list[str]] = {}
        for path in self.paths:
            found.setdefault(path.rpartition("/")[0], []).append(path)
        return found

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
        # A folder that may not be read, or whose disk fails, is not gone: its datapoints would be
        # deleted. What is wrong is told by a plan of everything.
        before, listing = remembered.seen[path], tree.seen(path)
        if listing is None and not tree.signature([path]):
            raise NotInPartsError(f"{path} cannot be seen")
        if listing is None:
            # It is gone, or is a file now.
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
