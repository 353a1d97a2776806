"""Label files and masks of buckets, fetched once for each version that they have."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterable

from xxhash import xxh3_128_hexdigest

from rbsync.buckets.allowed_buckets import open_bucket
from rbsync.buckets.prefixes import Bucket
from rbsync.files.bucket_listings import BucketError
from rbsync.model.bucket_paths import split
from rbsync.trust import Trust
from rbsync.trust.own_folders import forget_old

FOLDER = "objects"
"""The folder in rbsync's own one that has what was fetched."""

MOST_BYTES = 1 << 30
"""Of one object: label files and masks are smaller."""

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


class Fetcher:
    """Opens objects as files. Satisfies ``Objects``."""

    def __init__(self, trust: Trust, folder: str) -> None:
        """``folder`` has what was fetched, under names that tell bucket, key and version."""
        self._trust, self._folder = trust, folder
        self._buckets: dict[str, Bucket] = {}

    def open(self, path: str) -> int:
        """Satisfies ``Objects``."""
        bucket, key = self._bucket(path), split(path).key
        known = bucket.version(key)
        if known.size > MOST_BYTES:
            most = f"{MOST_BYTES >> 30} GiB"
            raise BucketError(path, f"it has more than {most}, which no label file or mask has")
        kept = os.path.join(self._folder, xxh3_128_hexdigest(f"{path}\0{known.tag}".encode()))
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(kept, _FLAGS)
            if os.fstat(descriptor).st_size == known.size:
                return descriptor
            os.close(descriptor)
        self._keep(kept, bucket.content(key, known.tag))
        return os.open(kept, _FLAGS)

    def _bucket(self, path: str) -> Bucket:
        root = split(path).root
        if root not in self._buckets:
            self._buckets[root] = open_bucket(root, self._trust)
            os.makedirs(self._folder, exist_ok=True)
            with contextlib.suppress(OSError):
                forget_old(self._folder)
        return self._buckets[root]

    def _keep(self, kept: str, content: Iterable[bytes]) -> None:
        """Writes what is fetched beside its place first: a half of it would count as the whole."""
        part = f"{kept}.{uuid.uuid4().hex}"
        try:
            with open(part, "xb") as file:
                for chunk in content:
                    file.write(chunk)
            os.replace(part, kept)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(part)
            raise
