"""The listings of buckets that one run needs, each made once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from rbsync.buckets.prefixes import AT_ONCE, Bucket
from rbsync.files.bucket_listings import BucketError
from rbsync.files.listing import Listing
from rbsync.model.bucket_paths import split

Opened = Callable[[str], Bucket]
"""Opens a bucket by its path. Raises BucketError for one that may not be asked, or cannot be."""


class BucketLister:
    """Lists the folders of buckets. Satisfies ``BucketListings``.

    Below the folder of a pattern with ``**`` all is listed in one go. Any other folder is listed by
    itself, so that what lies deeper than a pattern reaches costs nothing.
    """

    def __init__(self, opened: Opened, deep: Callable[[], Iterable[str]]) -> None:
        """``deep`` returns the folders below which all is wanted; asked once a bucket is."""
        self._opened = opened
        self._find_deep = deep
        self._deep: Sequence[str] | None = None
        self._buckets: dict[str, Bucket] = {}
        self._ready: dict[str, Listing] = {}
        self._done: set[str] = set()
        self._failed: dict[str, BucketError] = {}
        self._told: set[str] = set()
        """The folders that are in those which were listed by themselves."""
        self._lock = threading.Lock()

    def listing(self, folder: str) -> Listing:
        """Satisfies ``BucketListings``."""
        # When it is seen what has changed, several threads ask.
        with self._lock:
            known = self._listed(folder)
        if known is None:
            raise FileNotFoundError(folder)
        return known

    def _listed(self, folder: str) -> Listing | None:
        if self._deep is None:
            # Of two, one in the other, the upper one has all.
            self._deep = sorted(self._find_deep())
        base = next((one for one in self._deep if _is_in(folder, one)), "")
        if base and base not in self._done:
            self._done.add(base)
            self._list_below(base)
        for prefix, error in self._failed.items():
            if _is_in(folder, prefix):
                raise error
        if base:
            return self._ready.pop(folder, None)
        try:
            is_told = folder in self._told
            found = self._bucket(folder).level(split(folder).key, is_told=is_told)
        except BucketError as error:
            # Asked once: a label is looked for there for each of a thousand images.
            self._failed[error.prefix] = error
            raise
        if found is not None:
            self._told.update(f"{folder}/{name}" for name in found.folders)
        return found

    def _list_below(self, base: str) -> None:
        try:
            bucket = self._bucket(base)
        except BucketError as error:
            self._failed[base] = error
            return
        with ThreadPoolExecutor(AT_ONCE, "rbsync-list") as pool:
            found = bucket.below(split(base).key, pool)
        self._ready.update(found.listings)
        self._failed.update((one.prefix, one) for one in found.failed)

    def _bucket(self, folder: str) -> Bucket:
        root = split(folder).root
        if root not in self._buckets:
            self._buckets[root] = self._opened(root)
        return self._buckets[root]


def _is_in(folder: str, above: str) -> bool:
    return folder == above or folder.startswith(f"{above}/")
