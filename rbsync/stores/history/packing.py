"""Contents as they are kept: compressed, and checked when they are read."""

from __future__ import annotations

import zlib

from rbsync.errors import StoreError
from rbsync.model.fingerprint import digest

LEVEL = 6


def pack(data: bytes) -> bytes:
    """Compressed bytes."""
    return zlib.compress(data, LEVEL)


def unpack(name: str, packed: bytes | None) -> bytes:
    """The content of a digest. Raises StoreError when it is gone, or not what the digest says."""
    if packed is None:
        raise StoreError(
            f"the history has no content {name}", hint="`rbsync log` shows what there still is"
        )
    try:
        data = zlib.decompress(packed)
    except zlib.error as error:
        raise _damaged(name) from error
    # Undo sends this back to the project. A flipped bit would become somebody's labels.
    if digest(data) != name:
        raise _damaged(name)
    return data


def _damaged(name: str) -> StoreError:
    return StoreError(f"the history's content {name} is damaged", hint="check the disk")
