"""Datapoints by their names, of which those alone are objects that are asked for together."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from rbsync.model.datapoint import Datapoint
from rbsync.model.packed import Datapoints, FolderPoints


class ByName:
    """The datapoints of a dataset, looked up some at a time."""

    def __init__(self, datapoints: Sequence[Datapoint]) -> None:
        self._folders: list[tuple[str, str, FolderPoints]] = []
        singles = datapoints
        if isinstance(datapoints, Datapoints):
            self._folders = [(*one.span(), one) for one in datapoints.folders]
            singles = datapoints.singles
        self._singles = {one.name: one for one in singles}

    def some(self, names: Iterable[str]) -> dict[str, Datapoint]:
        """Those of the names that there are.

        Every folder is opened that may have one of them, so that a thousand names at once cost
        less than a thousand calls.
        """
        wanted = sorted(set(names))
        found = {name: self._singles[name] for name in wanted if name in self._singles}
        for first, last, folder in self._folders:
            # Names of a folder and of those below it alternate: several may have the same span.
            some = wanted[bisect_left(wanted, first) : bisect_right(wanted, last)]
            if some:
                found.update(_within(folder, frozenset(some)))
        return found


def _within(folder: FolderPoints, names: frozenset[str]) -> Iterator[tuple[str, Datapoint]]:
    known = folder.all_names()
    if names.isdisjoint(known):
        return
    if len(names) == 1:
        (name,) = names
        yield name, folder.only(known.index(name))
        return
    yield from ((one.name, one) for one in folder if one.name in names)
