"""The files that a watch writes itself: of them no hint may come, or it would never rest."""

from __future__ import annotations

from rbsync.trust.places import PRIVATE_FOLDERS


class OwnFiles:
    """Knows the files of a watch: its health file, and all in the folders of git and rbsync."""

    def __init__(self, root: str, health: str = "") -> None:
        """``health`` is an absolute path; what begins with it is written beside it."""
        self._root, self._health = root, health

    def has(self, path: str) -> bool:
        """Tells whether an absolute path is one of them."""
        # A beginning, for the health file is written beside it under a longer name and renamed.
        if self._health and path.startswith(self._health):
            return True
        # A folder named so above the manifest's must not silence all.
        below = path[len(self._root) :] if path.startswith(self._root) else path
        return not PRIVATE_FOLDERS.isdisjoint(below.split("/"))
