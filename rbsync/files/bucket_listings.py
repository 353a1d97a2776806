"""The port of who lists buckets, and what may be wrong there."""

from __future__ import annotations

import errno
from typing import Protocol

from rbsync.files.listing import Listing


class BucketError(OSError):
    """A prefix could not be listed: what is in it is unknown, and not gone.

    ``prefix`` is what could not be listed, which may be above the folder that was asked for.
    """

    hint = ""
    is_certain = False
    """A mistake of the manifest or of the set-up, which no second look mends."""

    def __init__(self, prefix: str, reason: str, hint: str = "") -> None:
        super().__init__(errno.EIO, reason, prefix)
        self.prefix = prefix
        self.hint = hint


class BucketSetupError(BucketError):
    """A bucket was not asked: it is not allowed, or nothing is there to ask with."""

    is_certain = True


def bucket_fault(error: BucketError) -> tuple[str, str]:
    """The code and the words of a problem with a prefix."""
    if error.is_certain:
        return "bucket", f"`{error.prefix}` cannot be listed: {error.strerror}"
    return "unknown-prefix", f"what is in `{error.prefix}` is not known: {error.strerror}"


class BucketListings(Protocol):
    """Lists folders of buckets: all keys with one prefix and no further slash."""

    def listing(self, folder: str) -> Listing:
        """The objects of a folder, and the folders in it.

        The stats of an object are its size, 0, and the two halves of the digest of its version.
        Raises BucketError, and FileNotFoundError for a folder without any object.
        """


class Objects(Protocol):
    """Opens objects of buckets as files."""

    def open(self, path: str) -> int:
        """A descriptor of the object's bytes; the caller closes it.

        Raises BucketError, and FileNotFoundError for an object that is not there.
        """


class NoObjects:
    """Opens none. Satisfies ``Objects``."""

    def open(self, path: str) -> int:
        raise BucketSetupError(path, "nobody reads buckets here")


NO_OBJECTS = NoObjects()


class NoBuckets:
    """Lists none. Satisfies ``BucketListings``."""

    def listing(self, folder: str) -> Listing:
        raise BucketSetupError(folder, "nobody lists buckets here")


NO_BUCKETS = NoBuckets()
