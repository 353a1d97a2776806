"""The buckets of a manifest, listed as the trusted side allows it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial

from rbsync.files.bucket_listings import BucketListings, Objects
from rbsync.files.listing import Listing
from rbsync.files.patterns import PatternError, compile_pattern
from rbsync.manifest.manifest import Manifest
from rbsync.model.bucket_paths import split


class _Lister:
    """Loads what lists buckets when the first one is asked for. Satisfies ``BucketListings``."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._lister: BucketListings | None = None

    def listing(self, folder: str) -> Listing:
        if self._lister is None:
            from rbsync.buckets.allowed_buckets import open_bucket
            from rbsync.buckets.lister import BucketLister

            opened = partial(open_bucket, trust=self._manifest.trust)
            self._lister = BucketLister(opened, partial(_deep, self._manifest))
        return self._lister.listing(folder)


class _Fetcher:
    """Loads what reads objects when the first one is opened. Satisfies ``Objects``."""

    def __init__(self, manifest: Manifest, folder: str) -> None:
        self._trust, self._folder = manifest.trust, folder
        self._fetcher: Objects | None = None

    def open(self, path: str) -> int:
        if self._fetcher is None:
            from rbsync.buckets.fetching import FOLDER, Fetcher

            self._fetcher = Fetcher(self._trust, os.path.join(self._folder, FOLDER))
        return self._fetcher.open(path)


def bucket_objects(manifest: Manifest, folder: str) -> Objects:
    """Who reads objects of buckets; ``folder`` is rbsync's own, where they are kept."""
    return _Fetcher(manifest, folder)


def bucket_listings(manifest: Manifest) -> BucketListings:
    """Who lists the buckets of a manifest; nothing is loaded or asked before it names one."""
    return _Lister(manifest)


def declared_buckets(manifest: Manifest) -> dict[str, tuple[str, ...]]:
    """The buckets whose keys are items, by the ids of the storages that shall lead to them."""
    found: dict[str, dict[str, None]] = {}
    for placed in manifest.sources():
        if paths := placed.source.bucket_items:
            named = placed.source.storage or manifest.defaults.storage or ""
            storage = str(manifest.settings.storages.get(named, named)).lower()
            found.setdefault(storage, {}).update((split(one).bucket, None) for one in paths)
    return {storage: tuple(buckets) for storage, buckets in found.items()}


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
