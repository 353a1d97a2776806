"""Paths of objects in buckets, ``s3://bucket/key``: where they are found, and what storages call
them."""

from __future__ import annotations

from typing import NamedTuple

SCHEMES = ("s3://", "gs://", "az://")
"""Amazon's and whoever speaks as they do, Google's, and Microsoft's, whose buckets are containers.
"""

_AZURE = "az://"


class BucketPath(NamedTuple):
    """A bucket with a key in it, or with a prefix of keys without the slash at its end."""

    scheme: str
    bucket: str
    key: str

    @property
    def root(self) -> str:
        """The path of the bucket itself."""
        return self.scheme + self.bucket


def is_bucket(path: str) -> bool:
    """Tells whether a path leads into a bucket and not to a file of this machine."""
    return path.startswith(SCHEMES)


def split(path: str) -> BucketPath:
    """The parts of a path that leads into a bucket."""
    scheme, _, rest = path.partition("://")
    bucket, _, key = rest.partition("/")
    return BucketPath(f"{scheme}://", bucket, key)


def key_of(path: str) -> str:
    """The key of an object, which names are made of; any other path itself."""
    return split(path).key if is_bucket(path) else path


def storage_key(path: str) -> str:
    """The ref of an object, as a storage of the service has it."""
    found = split(path)
    # The service takes the first part of an item of Azure for the container.
    return f"{found.bucket}/{found.key}" if found.scheme == _AZURE else found.key
