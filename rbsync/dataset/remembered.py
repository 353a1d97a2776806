"""The finds of a plan, folder by folder, and what tells whether they still hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from rbsync.dataset.expanding import Seeking
from rbsync.dataset.notes import Held
from rbsync.dataset.told import Stray, in_full
from rbsync.dataset.units import Summary, UnitKey
from rbsync.dataset.without_effect import unused_rules
from rbsync.errors import Problem
from rbsync.files import compiled_scan
from rbsync.files.ignore import Match
from rbsync.files.tree import Tree

if TYPE_CHECKING:
    from concurrent.futures import Executor


MOST_IN_PARTS = 5_000
"""Files that are looked at again as a part however few there are beside them."""


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

    @property
    def most_in_parts(self) -> int:
        """Returns how many files may be looked at again as a part of it.

        With more of them a plan of everything takes less memory, and hardly longer.
        """
        return max(MOST_IN_PARTS, self.count // 2)

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
        does_pay = compiled_scan.available() and _are_many(tree, paths)
        signatures = (open_executor().map if does_pay else map)(partial(_signatures, tree), parts)
        now = (one for some in signatures for one in some)
        return [path for path, one in zip(paths, now, strict=True) if self._differs(path, one)]

    def _differs(self, path: str, now: str) -> bool:
        # Empty is what cannot be seen now, and what could change unseen then: neither equals
        # anything.
        return not now or self.seen[path].signature != now


_AT_ONCE = 16


def _are_many(tree: Tree, paths: Iterable[str]) -> bool:
    """Tells whether so many folders are to be listed that threads are worth their start."""
    unlisted = (one for one in paths if not tree.is_told(one))
    return any(True for _ in islice(unlisted, _AT_ONCE, None))


def _signatures(tree: Tree, paths: Sequence[str]) -> list[str]:
    return [tree.signature([path]) for path in paths]


def seen_now(tree: Tree, path: str) -> Seen:
    """The facts to be remembered of a folder, or of a file that was read."""
    listing = tree.seen(path)
    # A file that was written in the last seconds may change again within the same tick of the
    # clock.
    signature = "" if tree.is_racy(path) else tree.signature([path])
    if listing is None:
        return Seen(signature)
    is_plain = not listing.links and not listing.odd
    return Seen(signature, tree.files_signature(path), tuple(listing.folders), is_plain)
