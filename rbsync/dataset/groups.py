"""Files that belong together, such as the frames of a video: sent when all of them are there."""

from __future__ import annotations

from collections.abc import Sequence

from rbsync.files.tree import Place, Tree

WAITING = "waiting"
"""The code of the problem of a datapoint whose files are not all there yet."""


class Groups:
    """Asks whether groups of files are complete; each folder is looked at once."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._newest: dict[str, int] = {}

    def objection(self, name: str, places: Sequence[Place]) -> str:
        """Returns why a datapoint's files may not be complete; empty when they are."""
        folders = sorted({place.folder for place in places})
        changed = max(map(self._changed, folders), default=0)
        return self._tree.roots.readiness.before_group(name, folders, changed)

    def _changed(self, folder: str) -> int:
        if folder not in self._newest:
            self._newest[folder] = self._tree.newest(folder)
        return self._newest[folder]
