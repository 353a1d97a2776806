"""Objects of buckets as items: known by where they are and which version is there."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from xxhash import xxh3_128_digest

from rbsync.files.listing import FIELDS, Listing
from rbsync.files.tree import Tree
from rbsync.model.bucket_paths import is_bucket, storage_key
from rbsync.model.datapoint import Item
from rbsync.model.fingerprint import PIN_SIZE, of_items, pinned


def pins_of(listing: Listing) -> bytes:
    """The digests of the versions of all objects of a folder, in the order of its names."""
    halves = array("q", bytes(PIN_SIZE * listing.count))
    halves[::2], halves[1::2] = listing.stats[2::FIELDS], listing.stats[3::FIELDS]
    return halves.tobytes()


class BucketItems:
    """The objects that entries name one by one; each folder is sorted out once."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._pins: dict[str, dict[str, bytes]] = {}

    def item(self, path: str) -> Item:
        """An item that is elsewhere. Without a size, for none of its bytes is ever sent."""
        return Item.remote(storage_key(path) if is_bucket(path) else path)

    def fingerprint(
        self, paths: Sequence[str], items: Sequence[Item], series: Sequence[int]
    ) -> str:
        """The fingerprint of items, with the versions of those that are in buckets."""
        algorithm = self._tree.algorithm
        found = of_items([one.content for one in items], algorithm, series)
        pins = [self._pin(one) for one in paths if is_bucket(one)]
        if not pins:
            return found
        return pinned(found, pins[0] if len(pins) == 1 else xxh3_128_digest(b"".join(pins)))

    def _pin(self, path: str) -> bytes:
        folder, name = self._tree.place(path)
        if folder not in self._pins:
            listing = self._tree.listing(folder)
            every = pins_of(listing)
            starts = range(0, len(every), PIN_SIZE)
            each = (every[at : at + PIN_SIZE] for at in starts)
            self._pins[folder] = dict(zip(listing.names, each, strict=True))
        return self._pins[folder][name]
