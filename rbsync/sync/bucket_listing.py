"""The buckets of a manifest, listed as the trusted side allows it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from rbsync.files.bucket_listings import BucketListings
from rbsync.files.listing import Listing
from rbsync.files.patterns import PatternError, compile_pattern
from rbsync.manifest.manifest import Manifest


class _Lister:
    """Loads what lists buckets when the first one is asked for. Satisfies ``BucketListings``."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._lister: BucketListings | None = None

    def listing(self, folder: str) -> Listing:
        if self._lister is None:
            from rbsync.buckets.lister import BucketLister
            from rbsync.buckets.opening import open_bucket

            opened = partial(open_bucket, trust=self._manifest.trust)
            self._lister = BucketLister(opened, partial(_deep, self._manifest))
        return self._lister.listing(folder)


def bucket_listings(manifest: Manifest) -> BucketListings:
    """Who lists the buckets of a manifest; nothing is loaded or asked before it names one."""
    return _Lister(manifest)


def _deep(manifest: Manifest) -> Iterator[str]:
    """Yields the folders of buckets of which patterns want all that is below."""
    for placed in manifest.sources():
        text = placed.source.bucket_pattern
        if not text:
            continue
        try:
            pattern = compile_pattern(text)
        except PatternError:
            continue
        if pattern.is_deep:
            yield pattern.base
