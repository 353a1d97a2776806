"""What a source of a manifest says of a real folder: its entries, and what it reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rbsync.errors import Location, Problem
from rbsync.files.cache import Cache
from rbsync.files.roots import Roots
from rbsync.files.tree import Tree
from rbsync.manifest.model_keys import validated
from rbsync.model.datapoint import Settings
from rbsync.sources import DATAPOINT_SOURCES, MASK_SOURCES
from rbsync.sources.base import SourceModel
from rbsync.sources.context import Context
from rbsync.sources.entry import Entry

MANIFEST = "rbsync.yaml"


class Declared:
    """A folder in which sources are expanded.

    ``problems`` are what the last one reported, ``unread`` what it could not read, ``warnings``
    what is only worth knowing: each as people read it, in the order of its finding.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings = Settings(metadata={"site": "A"})
        self.problems: list[str] = []
        self.unread: list[str] = []
        self.warnings: list[str] = []
        self.doubtful: list[Entry] = []
        self.tree = self._new_tree()

    def write(self, *paths: str, data: bytes | str = b"x") -> None:
        for path in paths:
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data if isinstance(data, bytes) else data.encode())

    def link(self, path: str, target: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).symlink_to(target)

    def expand(self, roots: list[str] | None = None, /, **keys: Any) -> list[Entry]:
        """The datapoints of the source that has these keys; what is barred is in ``doubtful``."""
        self.problems, self.unread, self.warnings = [], [], []
        self.tree = self._new_tree(roots)
        context = Context(
            tree=self.tree,
            settings=self.settings,
            origin=Location(MANIFEST, 2, 5),
            locate=place_of,
            report=lambda one: self.problems.append(text(one)),
            unread=lambda one: self.unread.append(text(one)),
            warn=lambda one: self.warnings.append(text(one)),
            warn_at=lambda one, _: self.warnings.append(text(one)),
        )
        found = list(validated(model_of(keys), keys).expand(context))
        self.doubtful = [one for one in found if one.barred]
        return [one for one in found if not one.barred]

    def names(self, roots: list[str] | None = None, /, **keys: Any) -> list[str]:
        return [entry.name for entry in self.expand(roots, **keys)]

    def silent(self) -> bool:
        """Whether nothing at all was to be said."""
        return not (self.problems or self.unread or self.warnings)

    def _new_tree(self, roots: list[str] | None = None) -> Tree:
        cache = Cache(str(self.root / ".rbsync/cache.db"), "xxh3")
        return Tree(Roots(str(self.root), roots or []), cache)


def model_of(keys: dict[str, Any]) -> type[SourceModel]:
    """The kind of source, as the manifest tells it: by the key that it must have."""
    sources = MASK_SOURCES if {"folder", "image"} & set(keys) else DATAPOINT_SOURCES
    return next(one for key, one in sources.own() if key in keys)


LINES = {
    "glob": 3,
    "frames": 3,
    "items_list": 3,
    "name": 4,
    "labels": 5,
    "pattern": 6,
    "exclude": 7,
    "ignore_colors": 98,
}


def place_of(path: tuple[str | int, ...]) -> Location:
    """A place that tells which key was asked for: its line, and the depth as the column."""
    return Location(MANIFEST, LINES.get(str(path[0]), 99), 5 + len(path))


def text(problem: Problem) -> str:
    return f"{problem.code}: {problem}"
