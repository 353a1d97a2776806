"""Files that belong together, such as the frames of a video: sent when all of them are there."""

from __future__ import annotations

from collections.abc import Sequence

from rbsync.dataset.declared_parts import missing_part
from rbsync.files.readiness import Group
from rbsync.files.tree import Tree
from rbsync.files.tree_hashing import Place
from rbsync.sources.entry import Entry

WAITING = "waiting"
"""The code of the problem of a datapoint whose files are not all there yet."""


class Groups:
    """Asks whether groups of files are complete; each folder is looked at once."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._readiness = tree.roots.readiness
        self._newest: dict[str, int] = {}
        self._lists: dict[str, str] = {}

    def objection(self, entry: Entry, places: Sequence[Place]) -> str:
        """Returns why a datapoint's files may not be complete; empty when they are."""
        wanted = entry.complete_when
        declares = wanted is not None and wanted.declares
        if wanted is not None and wanted.writer == "ignore":
            self._readiness.ignore_writers(map(str, places))
        is_one = not entry.is_group and len(entry.items) < 2
        # Of files that are missing their own problems tell, and of URLs nothing can be asked.
        if (is_one and not declares) or len(places) < len(entry.items):
            return ""
        group = self._group(entry, places)
        if wanted is None or not wanted.declares:
            return self._readiness.before_group(group)
        missing = missing_part(self._tree, entry, places, wanted, self._lists)
        if missing.message:
            self._readiness.group_waits(group, missing.message)
        elif missing.is_doubtful:
            return self._readiness.before_group(group)
        return missing.message

    def _group(self, entry: Entry, places: Sequence[Place]) -> Group:
        folders = tuple(sorted({place.folder for place in places}))
        changed = max(map(self._changed, folders), default=0)
        paths = tuple(map(str, places[: len(entry.items)]))
        return Group(entry.name, paths, folders, changed, entry.series)

    def _changed(self, folder: str) -> int:
        if folder not in self._newest:
            self._newest[folder] = self._tree.contents.newest(folder)
        return self._newest[folder]
