"""The configuration that a service is started with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rbsync.labels.taxonomy import Taxonomy

# The length of the service's API keys, which its clients check.
KEY_LENGTH = 43

LOOPBACK = "127.0.0.1"
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

DuplicateName = Literal["null", "error"]


@dataclass(frozen=True, slots=True)
class Limits:
    """In bytes: of a request as it is sent, after it is decompressed, and of a file."""

    request: int = 32 * MIB
    # Of its own: a request within its limit may unpack to a thousand times as much.
    unpacked: int = 128 * MIB
    file: int = 64 * GIB


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """``org_id`` and ``project_id`` are those of the folder's project unless given.

    ``duplicate_name`` is how the service says that a name is taken: nobody knows which of the
    two the real one does. ``hosts`` are names beside those of loopback that requests may be
    addressed to; ``storages`` the ids of buckets that datapoints may refer to, ``buckets`` the
    paths of those that are known, such as ``s3://bucket``, by these ids. ``address_seconds`` is how
    long a presigned address is good for. ``rewrites`` adds members to labels and metadata.
    ``quirks`` are its oddities, of those in ``quirks.QUIRKS``.
    """

    path: str
    # Settings appear in tracebacks.
    api_key: str = field(repr=False)
    org_id: str = ""
    project_id: str = ""
    type: str = ""
    taxonomy: Taxonomy | None = None
    duplicate_name: DuplicateName = "error"
    hosts: tuple[str, ...] = ()
    storages: tuple[str, ...] = ()
    buckets: Mapping[str, str] = field(default_factory=dict)
    address_seconds: float = 3600.0
    limits: Limits = Limits()
    rewrites: bool = False
    quirks: frozenset[str] = frozenset()

    def has(self, quirk: str) -> bool:
        """Tells whether it shall be odd in this way."""
        return quirk in self.quirks
