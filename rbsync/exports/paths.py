"""The paths of exported files: what a datapoint's name allows, and none in another's way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

# In bytes: file systems take 255 for a name, and the longest suffix comes to that of a datapoint.
LONGEST_PART = 255 - len(".nii.gz")


class UnfitError(Exception):
    """The reason that a datapoint has no files."""


class Paths:
    """The files that are taken; one is neither written twice nor a folder of others."""

    def __init__(self, own: Sequence[str] = ()) -> None:
        """``own`` are files of the export itself."""
        self._owners = dict.fromkeys(own, "the export")
        self._inside: dict[str, str] = {}

    def take(self, name: str, paths: Sequence[str]) -> None:
        """Takes the files of a datapoint. Raises UnfitError, and then takes none."""
        if not _fits(name):
            raise UnfitError("its name cannot be the name of a file")
        for path in paths:
            # All are looked at before one is taken, so that a refused datapoint is in nobody's way.
            other = self._in_the_way(path)
            if other:
                owner = self._owners[other]
                message = f"its file `{path}` and `{other}` of {owner} cannot be in one folder"
                raise UnfitError(f"{message}; export it alone, with --target")
        for path in paths:
            self._owners[path] = f"`{name}`"
            self._inside.update(dict.fromkeys(_folders(path), path))

    def _in_the_way(self, path: str) -> str:
        """The taken file that a path is, lies below, or is a folder of; empty for none."""
        above = (one for one in (path, *_folders(path)) if one in self._owners)
        return next(above, "") or self._inside.get(path, "")


def _folders(path: str) -> Iterator[str]:
    """The folders above a path."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _fits(name: str) -> bool:
    """Tells whether a datapoint's name can be a path below a folder, with a suffix to follow."""
    parts = name.split("/")
    # A name is a stranger's text. No part of it may be `..`, nor hide the file, nor be empty and so
    # make the path start at the root.
    return all(one and one[0] != "." and len(one.encode()) <= LONGEST_PART for one in parts)
