"""Content identity: what makes two datapoints, labels or settings the same."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Literal, NamedTuple

import xxhash

Algorithm = Literal["xxh3", "sha256"]
Facet = Literal["items", "labels", "settings"]
FACETS: tuple[Facet, ...] = ("items", "labels", "settings")


class Fingerprint(NamedTuple):
    """The content identity of a datapoint, one digest a facet; no labels are ``""``."""

    items: str
    labels: str
    settings: str

    def of(self, facet: Facet) -> str:
        """Returns the digest of one facet."""
        return self[FACETS.index(facet)]

    def merged(self, other: Fingerprint, facets: Collection[Facet]) -> Fingerprint:
        """This fingerprint, with some facets those of another one."""
        return Fingerprint(*(other.of(one) if one in facets else self.of(one) for one in FACETS))

    def changed_since(self, before: Fingerprint) -> tuple[Facet, ...]:
        """The facets in which this fingerprint differs from an earlier one."""
        return tuple(
            facet for facet, old, new in zip(FACETS, before, self, strict=True) if old != new
        )


def new_hasher(algorithm: Algorithm) -> Any:
    """A hash object with ``update``, ``digest`` and ``hexdigest``."""
    return hashlib.sha256() if algorithm == "sha256" else xxhash.xxh3_128()


def digest(data: bytes, algorithm: Algorithm = "xxh3") -> str:
    """The content identity of bytes, with its algorithm's name: ``xxh3:…`` (128 bits)."""
    if algorithm == "sha256":
        return "sha256:" + hashlib.sha256(data).hexdigest()
    return "xxh3:" + xxhash.xxh3_128_hexdigest(data)


def algorithm_of(content: str) -> Algorithm:
    """The algorithm that made a content identity."""
    return "sha256" if content.startswith("sha256:") else "xxh3"


_encoded = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
_POINT_ZERO = re.compile(r"\.0(?![0-9])")
_SPELLED_ONE_WAY = (str, int, bool, type(None))


def canonical_json(value: Any) -> bytes:
    """JSON text in which equal values are equal bytes.

    Keys are sorted and a number is written one way however it was spelled (``1``, ``1.0`` and
    ``1e0`` alike).
    """
    text = _encoded(value)
    # Read again only where a number may be spelled in two ways: a copy of all labels takes as long
    # as all the rest that is done with them.
    if _POINT_ZERO.search(text) or "e+" in text:
        text = _encoded(_canonical(value))
    return text.encode("utf-8", "surrogatepass")


def _canonical(value: Any) -> Any:
    # Exports write 1.0 where people write 1, and neither has changed anything.
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {
            key: one if type(one) in _SPELLED_ONE_WAY else _canonical(one)
            for key, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [one if type(one) in _SPELLED_ONE_WAY else _canonical(one) for one in value]
    return value


def of_items(
    contents: Sequence[str], algorithm: Algorithm = "xxh3", series: Sequence[int] = ()
) -> str:
    """The fingerprint of the items facet, from the content identities of the items in order.

    A single file's is that file's own, so that the most common datapoint costs no hashing.
    ``series`` are the numbers of items of each series; one series is as good as none.
    """
    if len(contents) == 1 and not contents[0].startswith("ref:"):
        return contents[0]
    # The series go in: a file that moves from one to the next changes the study, and no content.
    count = "+".join(map(str, series)) if len(series) > 1 else str(len(contents))
    text = "\0".join((count, *contents))
    return digest(text.encode("utf-8", "surrogatepass"), algorithm)


PIN_SIZE = 16
"""Bytes of the digest of an object's version."""

_PIN = "+"


def pinned(items: str, pin: bytes) -> str:
    """The fingerprint of items elsewhere, with the digest of the versions that they had there.

    A project knows where an item is and not which version that was: what it has is compared
    `without_pin`.
    """
    return f"{items}{_PIN}{pin.hex()}"


def pin_of(version: str) -> bytes:
    """The digest of an object's version: its etag, or whatever else its service tells."""
    return xxhash.xxh3_128_digest(version.encode())


def is_of_version(items: str, version: str) -> bool:
    """Tells whether a single item's fingerprint is that of an object of a version."""
    return items.partition(_PIN)[2] == pin_of(version).hex()


def has_pin(items: str) -> bool:
    """Tells whether a fingerprint is that of objects of buckets."""
    return _PIN in items


def without_pin(items: str) -> str:
    """The fingerprint of the items as a project can know it."""
    return items.partition(_PIN)[0]


def of_value(value: Any, algorithm: Algorithm = "xxh3") -> str:
    """The fingerprint of a JSON value: labels or settings."""
    return digest(canonical_json(value), algorithm)


def of_dataset(entries: Iterable[tuple[str, Fingerprint]], algorithm: Algorithm = "xxh3") -> str:
    """The version of the data: names and fingerprints, in any order."""
    digests = (entry_digest(name, fingerprint, algorithm) for name, fingerprint in entries)
    return of_sum(sum(map(weight, digests)), algorithm)


def entry_digest(name: str, fingerprint: Fingerprint, algorithm: Algorithm) -> bytes:
    """The digest of one datapoint, of 16 or 32 bytes."""
    text = "\0".join((name, *fingerprint)).encode()
    if algorithm == "sha256":
        return hashlib.sha256(text).digest()
    return xxhash.xxh3_128_digest(text)


# A sum, for one datapoint that changes must not cost a walk through a million others. Sums of short
# digests can be made equal on purpose, which only SHA-256 promises to prevent: there each number
# has 4,096 bits, as the attack on sums asks for.
_WIDE = 512
_MODULUS = {"xxh3": 1 << 128, "sha256": 1 << (8 * _WIDE)}


def weight(digest: bytes) -> int:
    """The number that a datapoint's digest adds to the dataset's."""
    if len(digest) == 32:
        digest = hashlib.shake_128(digest).digest(_WIDE)
    return int.from_bytes(digest, "big")


def of_sum(total: int, algorithm: Algorithm) -> str:
    """The version of the data whose datapoints have a sum of weights."""
    left = total % _MODULUS[algorithm]
    if algorithm == "sha256":
        return f"sha256-sum:{hashlib.sha256(left.to_bytes(_WIDE, 'big')).hexdigest()}"
    return f"xxh3-sum:{left:032x}"


# No label file and an empty list in one are the same loss, under either algorithm.
NO_LABELS = frozenset({"", of_value([], "xxh3"), of_value([], "sha256")})
"""The fingerprints of the labels facet that say that there are none."""
