"""Keys of a bucket, page by page, packed into the folders that slashes make of them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, takewhile
from typing import TYPE_CHECKING, Any

import numpy as np

from rbsync.buckets.exact_keys import ExactPage, is_nameless, is_path
from rbsync.files.file_facts import UNSEEN
from rbsync.files.listing import FIELDS, Listing
from rbsync.model.fingerprint import pin_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


_LAST = "\U0010ffff"
"""After all names that a folder has."""


def _above(key: str) -> str:
    return key.rpartition("/")[0]


@dataclass
class _Folder:
    names: list[bytes] = field(default_factory=list)
    stats: array[int] = field(default_factory=lambda: array("q"))
    folders: set[str] = field(default_factory=set)
    nameless: list[str] = field(default_factory=list)


class Folders:
    """The folders below a prefix. Keys come sorted, as buckets list them."""

    def __init__(self, base: str) -> None:
        """``base`` is the prefix as a folder: without the slash at its end."""
        self._base = base
        self._found: dict[str, _Folder] = {}
        self.last = ""
        """The last key that was taken, or that may lie in a folder which was told."""
        self.empty: list[str] = []
        """The keys of objects without a byte: files, or what some programs make for a folder."""

    def take(self, page: Any) -> bool:
        """Takes in a page, as Arrow's columns. Tells whether it may be one of those to come."""
        paths: list[str] = page.column("path").to_pylist()
        if not paths:
            return True
        # One key alone may come before the last: that of a marker, which lost its slash.
        if len(paths) > 1 and paths[-1] <= self.last:
            return False
        self._add(page, paths)
        return True

    def _add(self, page: Any, paths: Sequence[str]) -> None:
        sizes, stats = _stats_of(page)
        if 0 in sizes:
            empty = [path for path, size in zip(paths, sizes, strict=True) if not size]
            self.empty += [one for one in empty if one != self._base]
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

    def take_exact(self, page: ExactPage) -> bool:
        """As `take`, with keys as they are: those that are no paths are taken in apart."""
        if page.objects and page.objects[-1]["Key"] <= self.last:
            return False
        good = []
        for one in page.objects:
            key = one["Key"]
            if not is_path(key):
                self.leave_out(key)
                self.last = max(self.last, key)
            elif key.endswith("/"):
                self.folder(key[:-1])
                self.last = max(self.last, key)
            else:
                good.append(one)
        # What is left out may come after them on this page: they are no repetition.
        if good:
            self._add(ExactPage(good, ()), [one["Key"] for one in good])
        for prefix in page.prefixes:
            if is_path(prefix):
                self.take_folders([prefix[:-1]])
            else:
                self.leave_out_below(prefix)
        return True

    def leave_out_below(self, prefix: str) -> None:
        """Notes a prefix that is no path, of whose keys nothing else is told here."""
        self.leave_out(prefix)
        self.last = max(self.last, f"{prefix}{_LAST}")

    def leave_out(self, key: str) -> None:
        """Notes a key that is no path, in the deepest folder of it that has a name."""
        above = "/".join(takewhile(lambda one: not is_nameless(one), key.split("/")))
        folder = above if _is_below(above, self._base) else self._base
        self.folder(folder).nameless.append(key)

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

    def folders_of(self, path: str) -> list[str]:
        """The keys of the folders in a folder."""
        return [f"{path}/{one}" if path else one for one in sorted(self.folder(path).folders)]

    def undecided(self) -> Iterator[tuple[str, Sequence[str]]]:
        """Yields folders with the empty objects in each that may be files, or marks of folders."""
        left = [one for one in self.empty if one not in self._found]
        for above, keys in groupby(sorted(left, key=_above), key=_above):
            yield above, list(keys)

    def count(self, path: str) -> int:
        """The number of objects that a folder has by now."""
        return len(self.folder(path).stats) // FIELDS

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
    listing = Listing(path, joined, stats, sorted(found.folders), {}, found.nameless)
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
    return Listing(listing.path, names, stats, listing.folders, {}, listing.odd)


def _stats_of(page: Any) -> tuple[list[int], NDArray[np.int64]]:
    """Sizes, and with them the digests of versions, as listings have them."""
    sizes: list[int] = page.column("size").to_pylist()
    tags, versions = page.column("e_tag").to_pylist(), page.column("version").to_pylist()
    pins = [
        pin_of(version or tag or f"size {size}")
        for tag, version, size in zip(tags, versions, sizes, strict=True)
    ]
    stats = np.zeros((len(sizes), FIELDS), np.int64)
    stats[:, 0] = sizes
    stats[:, 2:4] = np.frombuffer(b"".join(pins), np.int64).reshape(-1, 2)
    return sizes, stats


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
    for folder, run in groupby(paths, key=_above):
        yield folder, [one.rpartition("/")[2] for one in run]


def _is_below(folder: str, base: str) -> bool:
    return not base or folder == base or folder.startswith(f"{base}/")


def before(key: str) -> str:
    """A key from which on a listing has another one again, with few before it; empty for none.

    Who is asked for what comes after the last key tells nothing, as one who does not understand
    the question. Asked for the last one too, only the second tells nothing.
    """
    folder, slash, name = key.rpartition("/")
    shorter = name[:-1]
    if name == _LAST or is_nameless(shorter):
        return key
    return f"{folder}{slash}{shorter}"
