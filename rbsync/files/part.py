"""A part of a tree: what is looked at where all else is known to be as it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


class NotInPartsError(Exception):
    """A change cannot be told part by part: everything has to be expanded."""


@dataclass(frozen=True)
class Part:
    """``names`` are the files to be looked at by their folders; None stands for all of a folder.

    ``known`` are all folders that were looked at before. Folders that are not among them are new,
    and belong to the part.
    """

    names: Mapping[str, frozenset[str] | None]
    known: frozenset[str]
    ways: frozenset[str]

    @classmethod
    def of(cls, names: Mapping[str, frozenset[str] | None], known: Iterable[str]) -> Part:
        """A part, with the ways to its folders."""
        ways = {above for folder in names for above in _above(folder)}
        return cls(names, frozenset(known), frozenset(ways))

    def has(self, folder: str) -> bool:
        """Tells whether something of the part is in a folder itself."""
        return folder in self.names or folder not in self.known

    def reaches(self, folder: str) -> bool:
        """Tells whether something of the part is in a folder, or may be below it."""
        return self.has(folder) or folder in self.ways


def _above(folder: str) -> Iterable[str]:
    """The folders above one, the manifest's own included."""
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder
