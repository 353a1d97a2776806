"""Digests of many short texts by one call; with NumPy-free twins where nothing was compiled."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from itertools import pairwise

import xxhash

from rbsync.digests import compiled_digests

_DIGEST = 16


def digest_texts(texts: bytes) -> array[int]:
    """XXH3 of 64 bits of texts with NUL between them."""
    if compiled_digests.available():
        return compiled_digests.digest_texts(texts)
    return array("Q", map(xxhash.xxh3_64_intdigest, texts.split(b"\0")))


def digest_entries(
    texts: bytes, contents: bytes, before: bytes, behind: bytes
) -> tuple[bytes, int]:
    """XXH3 of 128 bits of texts, each with its content behind it; and the sum of all the digests.

    The texts have NUL between them. A content has 16 bytes, and is written as hexadecimal digits
    with ``before`` and ``behind`` around it. The sum is that of the digests as numbers with their
    highest byte first.
    """
    if compiled_digests.available():
        return compiled_digests.digest_entries(texts, contents, before, behind)
    digits = contents.hex().encode()
    places = range(0, len(digits), 2 * _DIGEST)
    rows = zip(texts.split(b"\0"), places, strict=True)
    digests = [
        xxhash.xxh3_128_digest(b"%b%b%b%b" % (text, before, digits[at : at + 2 * _DIGEST], behind))
        for text, at in rows
    ]
    return b"".join(digests), sum(int.from_bytes(one, "big") for one in digests)


def gather(rows: bytes | bytearray, width: int, numbers: array[int]) -> bytes:
    """Rows of so many bytes, by their numbers (64 bits each), one behind the other."""
    if compiled_digests.available():
        return compiled_digests.gather(rows, width, numbers)
    return b"".join([rows[one * width : one * width + width] for one in numbers])


_AT_ONCE = 1 << 17
"""Numbers that are sorted at one time: as objects a million take more than all names."""


def find_twice(numbers: array[int]) -> Iterable[int]:
    """The numbers (of 64 bits) that are more than once. May sort those given."""
    if compiled_digests.available():
        return compiled_digests.find_twice(numbers)
    return _find_twice(numbers)


def _find_twice(numbers: array[int]) -> Iterable[int]:
    parts = len(numbers) // _AT_ONCE + 1
    for part in range(parts):
        some = sorted(numbers if parts == 1 else (one for one in numbers if one % parts == part))
        yield from (one for one, other in pairwise(some) if one == other)
