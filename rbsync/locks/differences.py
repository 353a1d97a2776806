"""Compare two versions of a dataset, datapoint by datapoint and facet by facet. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from rbsync.locks.line_format import raw
from rbsync.locks.lock_content import Lock
from rbsync.model.fingerprint import FACETS, Facet


class Moved(NamedTuple):
    """The same content under another name or path."""

    name: str
    before: str


class Changed(NamedTuple):
    """A datapoint with other content in some facets."""

    name: str
    facets: tuple[Facet, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """All in which a version differs from an earlier one.

    ``reencoded`` are files of labels with other bytes and the same meaning; ``missing``, ``extra``
    and ``bytes`` are paths of files that are gone, new, or have other bytes.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    moved: tuple[Moved, ...] = ()
    changed: tuple[Changed, ...] = ()
    reencoded: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    bytes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, one) for one in self.__slots__)


def compare(old: Lock, new: Lock, covers: Callable[[str], bool] = lambda _: True) -> Difference:
    """Returns in what ``new`` differs from ``old``, of the names and paths that are covered."""
    gone, come = old.notes.keys() - new.notes.keys(), new.notes.keys() - old.notes.keys()
    moved = _moved(old, new, gone, come)
    both = old.notes.keys() & new.notes.keys()
    changed = [Changed(name, _facets(old, new, name)) for name in both]
    moved += [Moved(one.name, one.name) for one in changed if _is_elsewhere(old, new, one)]
    other = {path for path in old.sums.keys() & new.sums.keys() if old.sums[path] != new.sums[path]}
    away, found = {one.before for one in moved}, {one.name for one in moved}
    same = _same_meaning(old, new, [one.name for one in changed if "labels" not in one.facets])
    return Difference(
        _sorted(come - found, covers),
        _sorted(gone - away, covers),
        tuple(sorted(one for one in moved if covers(one.name) or covers(one.before))),
        tuple(sorted(one for one in changed if one.facets and covers(one.name))),
        _sorted(other & same, covers),
        _sorted(old.sums.keys() - new.sums.keys(), covers),
        _sorted(new.sums.keys() - old.sums.keys(), covers),
        _sorted(other - same, covers),
    )


def _sorted(names: Iterable[str], covers: Callable[[str], bool]) -> tuple[str, ...]:
    return tuple(sorted(filter(covers, names), key=raw))


def _facets(old: Lock, new: Lock, name: str) -> tuple[Facet, ...]:
    return tuple(one for one in FACETS if old.facet(name, one) != new.facet(name, one))


def _is_elsewhere(old: Lock, new: Lock, one: Changed) -> bool:
    return not one.facets and old.notes[one.name].path != new.notes[one.name].path


def _same_meaning(old: Lock, new: Lock, names: Iterable[str]) -> set[str]:
    """The files that labels of the same meaning come from, before and now."""
    return {
        path
        for name in names
        for path in new.notes[name].label_files
        if path in old.notes[name].label_files
    }


def _moved(old: Lock, new: Lock, gone: Iterable[str], come: Iterable[str]) -> list[Moved]:
    """Pairs of a name that is gone and one that has come, where only one is of such content."""
    before = _by_content(old, gone)
    pairs = ((names, before.get(content, [])) for content, names in _by_content(new, come).items())
    return [Moved(now[0], then[0]) for now, then in pairs if len(now) == len(then) == 1]


def _by_content(lock: Lock, names: Iterable[str]) -> dict[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in names:
        found[tuple(lock.facet(name, one) for one in FACETS)].append(name)
    return found
