"""Keys of a bucket, page by page, packed into the folders that slashes make of them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from xxhash import xxh3_128_digest

from rbsync.files.file_facts import UNSEEN
from rbsync.files.listing import FIELDS, Listing

if TYPE_CHECKING:
    from numpy.typing import NDArray


_LAST = "\U0010ffff"
"""After all names that a folder has."""


@dataclass
class _Folder:
    names: list[bytes] = field(default_factory=list)
    stats: array[int] = field(default_factory=lambda: array("q"))
    folders: set[str] = field(default_factory=set)


class Folders:
    """The folders below a prefix. Keys come sorted, as buckets list them."""

    def __init__(self, base: str) -> None:
        """``base`` is the prefix as a folder: without the slash at its end."""
        self._base = base
        self._found: dict[str, _Folder] = {}
        self.last = ""
        """The last key that was taken, or that may lie in a folder which was told."""

    def take(self, page: Any) -> None:
        """Takes in a page, as Arrow's columns."""
        paths: list[str] = page.column("path").to_pylist()
        if not paths:
            return
        stats = _stats_of(page)
        self.last = max(self.last, paths[-1])
        if paths[0] == self._base:
            # An empty folder as the services' own pages make it: an object whose key is the prefix.
            self.folder(self._base)
        at = 0
        for folder, names in _by_folder(paths):
            end = at + len(names)
            # A marker of the base itself lies in the folder above it.
            if _is_below(folder, self._base):
                found = self.folder(folder)
                found.names.append("\0".join(names).encode())
                found.stats.frombytes(stats[at:end].tobytes())
            at = end

    def folder(self, path: str) -> _Folder:
        """A folder, which those above it up to the base then have too."""
        found = self._found.get(path)
        if found is None:
            found = self._found[path] = _Folder()
            if path != self._base:
                above, _, name = path.rpartition("/")
                self.folder(above).folders.add(name)
        return found

    def take_folders(self, keys: Iterable[str]) -> None:
        """Takes in folders of the base, of which nothing else is told here."""
        for key in keys:
            self.folder(self._base).folders.add(key.rpartition("/")[2])
            self.last = max(self.last, f"{key}/{_LAST}")

    @property
    def is_there(self) -> bool:
        """Tells whether the base has anything in it, its own marker included."""
        return self._base in self._found

    def listings(self, root: str) -> Iterator[tuple[str, Listing]]:
        """Yields the folders by their paths in the bucket of ``root``, and forgets them."""
        while self._found:
            path, found = self._found.popitem()
            whole = f"{root}/{path}" if path else root
            yield whole, _listing(whole, found)


def _listing(path: str, found: _Folder) -> Listing:
    joined, stats = b"\0".join(found.names), found.stats
    listing = Listing(path, joined, stats, sorted(found.folders), {}, [])
    if found.folders and 0 in stats[::FIELDS]:
        listing = _without_markers(listing)
    # What is in them nobody has read, and of most nobody ever will.
    listing.kinds = bytearray([UNSEEN]) * listing.count
    return listing


def _without_markers(listing: Listing) -> Listing:
    """The listing without the empty objects by which some programs make a folder."""
    folders = set(listing.folders)
    kept = [
        at
        for at, name in enumerate(listing.names)
        if name not in folders or listing.stats[at * FIELDS]
    ]
    names = "\0".join(listing.names[at] for at in kept).encode()
    stats = array("q")
    for at in kept:
        stats += listing.stats[at * FIELDS : at * FIELDS + FIELDS]
    return Listing(listing.path, names, stats, listing.folders, {}, [])


def _stats_of(page: Any) -> NDArray[np.int64]:
    """Sizes, and the digests of versions, as listings have them."""
    sizes = page.column("size").to_pylist()
    tags, versions = page.column("e_tag").to_pylist(), page.column("version").to_pylist()
    pins = [
        xxh3_128_digest((version or tag or f"size {size}").encode())
        for tag, version, size in zip(tags, versions, sizes, strict=True)
    ]
    stats = np.zeros((len(sizes), FIELDS), np.int64)
    stats[:, 0] = sizes
    stats[:, 2:4] = np.frombuffer(b"".join(pins), np.int64).reshape(-1, 2)
    return stats


def _by_folder(paths: Sequence[str]) -> Iterable[tuple[str, Sequence[str]]]:
    """The names of sorted paths, with the folder of each run of them."""
    prefix = paths[0][: paths[0].rfind("/") + 1]
    cut = len(prefix)
    names = [one[cut:] for one in paths]
    # Nearly all pages are of one folder, and of ten million keys none is taken apart.
    if all(one.startswith(prefix) for one in paths) and "/" not in "".join(names):
        return [(prefix[:-1], names)]
    return _in_runs(paths)


def _in_runs(paths: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    for folder, run in groupby(paths, key=lambda one: one.rpartition("/")[0]):
        yield folder, [one.rpartition("/")[2] for one in run]


def _is_below(folder: str, base: str) -> bool:
    return not base or folder == base or folder.startswith(f"{base}/")
