"""The limits of a document: its size, its depth and its repetitions of itself."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits that a document must not exceed.

    ``value`` counts the letters of one text, ``nodes`` keys and values with every alias written
    out. Aliases may make a document up to ``growth`` times as large as it was written, which is
    not looked at below ``free`` nodes.
    """

    size: int = 256 * MIB
    value: int = MIB
    nodes: int = 20_000_000
    depth: int = 32
    growth: int = 100
    free: int = 100_000


LIMITS = Limits()
