"""The folder that is nearest to another one, told by the parts of their paths."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from rbsync.sync.survey import Folder


def nearness(path: str, other: str) -> tuple[int, int]:
    """Tells how much the paths of two folders have in common; more is nearer.

    The parts of a dataset may stand before the kinds, `val/images`, or after them, `images/val`.
    """
    parts, others = path.split("/"), other.split("/")
    return sum((Counter(parts) & Counter(others)).values()), -abs(len(parts) - len(others))


class Neighbours:
    """Folders, in the order of their nearness to any other one.

    Of thousands only those are looked at that have a rare part of their path in common with it.
    """

    def __init__(self, folders: Sequence[Folder]) -> None:
        self._folders = folders
        self._having: dict[tuple[str, int], list[int]] = defaultdict(list)
        for number, one in enumerate(folders):
            for part in _counted(one.path):
                self._having[part].append(number)

    def of(self, path: str) -> Iterator[Folder]:
        """Yields all folders, the nearest first; of equally near ones the first given first."""
        parts = sorted(_counted(path), key=lambda one: len(self._having.get(one, ())))
        found: dict[int, tuple[int, int]] = {}
        told: set[int] = set()
        for at, part in enumerate(parts):
            numbers = self._having.get(part, ())
            found.update((one, nearness(self._folders[one].path, path)) for one in numbers)
            # One that was not found yet has at most the parts in common that are still to come.
            ahead = [one for one in found.keys() - told if found[one][0] > len(parts) - at - 1]
            for one in sorted(ahead, key=lambda one: (-found[one][0], -found[one][1], one)):
                told.add(one)
                yield self._folders[one]
        rest = [
            (*nearness(one.path, path), -number)
            for number, one in enumerate(self._folders)
            if number not in told
        ]
        for *_, number in sorted(rest, reverse=True):
            yield self._folders[-number]


def _counted(path: str) -> list[tuple[str, int]]:
    """The parts of a path, each with how often it stands before."""
    before: Counter[str] = Counter()
    found = []
    for part in path.split("/"):
        found.append((part, before[part]))
        before[part] += 1
    return found


def by_path(folders: Sequence[Folder]) -> Mapping[str, Folder]:
    """The folders by their paths, as `upwards` takes them."""
    return {one.path: one for one in folders}


def upwards(known: Mapping[str, Folder], path: str) -> Iterator[Folder]:
    """Yields the folder of a path and those above it, as far as they are known."""
    while True:
        if path in known:
            yield known[path]
        if not path:
            return
        path = path.rpartition("/")[0]
