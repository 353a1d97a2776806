"""Paths that end in ``.*``: the one file of that name, whatever its suffix is."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from rbsync.files.kinds import ANY, SUFFIXES, suffix_of
from rbsync.files.spelling import composed
from rbsync.files.tree import Tree
from rbsync.sources.images_below import NotOneError, folder_named


class AnySuffix:
    """Finds files by their names without suffixes; each folder is listed once."""

    def __init__(self, tree: Tree, suffixes: Collection[str] = SUFFIXES) -> None:
        """``suffixes`` are those of the files that are meant, where others lie beside them."""
        self._tree, self._suffixes = tree, suffixes
        self._folders: dict[str, dict[str, list[str]]] = {}

    def find(self, path: str) -> str:
        """The file that a path stands for, itself where it does not end in ``.*``; empty for none.

        Raises NotOneError when there are several.
        """
        if not path.endswith(ANY):
            return path
        self._tree.note_asked(path)
        folder, _, stem = path.removesuffix(ANY).rpartition("/")
        found = self._in(folder_named(folder)).get(composed(stem), [])
        # An image may have its labels or a text beside it, which nobody means here.
        meant = [one for one in found if suffix_of(one) in self._suffixes] or found
        if len(meant) > 1:
            message = f"`{path}` stands for several files: {_listed(meant)}"
            raise NotOneError(message, "take one of them away, or write the suffix out")
        return "".join(meant)

    def _in(self, folder: str) -> dict[str, list[str]]:
        """The files of a folder, in the order of their names, by name without suffix."""
        known = self._folders.get(folder)
        if known is None:
            known = self._folders[folder] = {}
            for path in self._listed(folder):
                name = path.rpartition("/")[2]
                stem = name[: len(name) - len(suffix_of(name))].removesuffix(".")
                known.setdefault(composed(stem), []).append(path)
        return known

    def _listed(self, folder: str) -> Iterable[str]:
        try:
            listing = self._tree.listing(folder)
        except OSError:
            folder = self._tree.respelt(folder)
            if not folder:
                return []
            listing = self._tree.listing(folder)
        paths = (
            f"{folder}/{name}" if folder else name for name in (*listing.names, *listing.links)
        )
        return sorted(one for one in paths if not self._tree.ignored(one))


def _listed(paths: Collection[str]) -> str:
    first = [f"`{one}`" for one in list(paths)[:3]]
    more = f" and {len(paths) - len(first):,} more" if len(paths) > len(first) else ""
    return ", ".join(first) + more
