"""Presigned addresses of objects, made with the credentials of whoever runs the service."""

from __future__ import annotations

from dataclasses import replace

from rbsync.buckets.allowed_buckets import open_bucket
from rbsync.buckets.exact_keys import is_path
from rbsync.buckets.prefixes import Bucket
from rbsync.files.bucket_listings import BucketError
from rbsync.model.bucket_paths import split, storage_key
from rbsync.service.refusal import RefusalError
from rbsync.trust import read_trust


class SignedBuckets:
    """Buckets that a service was told of; each is opened when it is first asked for."""

    def __init__(self) -> None:
        self._opened: dict[str, Bucket] = {}

    def address(self, path: str, item: str, seconds: float) -> str | None:
        """The address of an item in a bucket, None for one that its storage cannot have.

        Raises RefusalError where nothing is there to sign with.
        """
        # A key of Azure begins with its container, and this storage has one alone.
        before = storage_key(f"{path}/")
        key = item.removeprefix(before)
        if not (item.startswith(before) and is_path(key)):
            return None
        try:
            return self._bucket(path).address(key, seconds)
        except BucketError as error:
            raise RefusalError(f"nothing of {path} can be signed: {error.strerror}") from error

    def _bucket(self, path: str) -> Bucket:
        if path not in self._opened:
            # Who started the service with a bucket has allowed it.
            trust = replace(read_trust(), untrusted=False, buckets=frozenset({split(path).bucket}))
            self._opened[path] = open_bucket(path, trust)
        return self._opened[path]
