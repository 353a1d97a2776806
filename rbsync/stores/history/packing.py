"""Contents as they are kept: compressed, and checked when they are read."""

from __future__ import annotations

import zlib

from rbsync.errors import StoreError
from rbsync.model.fingerprint import digest

LEVEL = 6

FLOOR, RATIO = 4 << 20, 100
"""A content is unpacked to at most so many bytes, or so many times those that it takes: a file of
a few bytes could fill the memory. Labels are rarely packed to a twentieth."""

SMALL = 4096
"""Contents up to this many bytes, as most labels are, fit into a window of as many."""

_SMALL_LEVEL, _SMALL_WINDOW, _SMALL_MEMORY = 1, 12, 5
"""The first level takes half of the time of the sixth, and few bytes more: 290 for 288 of three
boxes and their datapoint."""


def pack(data: bytes) -> bytes:
    """Compressed bytes."""
    if len(data) > SMALL:
        return zlib.compress(data, LEVEL)
    # The usual window has 256 KiB of tables made and cleared for each content. For the 300 bytes
    # of a few boxes that takes ten times as long as the compression itself.
    packer = zlib.compressobj(_SMALL_LEVEL, zlib.DEFLATED, _SMALL_WINDOW, _SMALL_MEMORY)
    return packer.compress(data) + packer.flush()


def unpack(name: str, packed: bytes | None) -> bytes:
    """The content of a digest. Raises StoreError when it is gone, or not what the digest says."""
    if packed is None:
        raise StoreError(
            f"the history has no content {name}", hint="`rbsync log` shows what there still is"
        )
    try:
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(packed, max(FLOOR, RATIO * len(packed)))
    except (zlib.error, TypeError) as error:
        raise _damaged(name) from error
    if not unpacker.eof:
        raise _damaged(name)
    # Undo sends this back to the project. A flipped bit would become somebody's labels.
    if digest(data) != name:
        raise _damaged(name)
    return data


def _damaged(name: str) -> StoreError:
    return StoreError(f"the history's content {name} is damaged", hint="check the disk")
