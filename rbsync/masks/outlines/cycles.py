"""The cycles of a permutation with array operations only, in time linear in its length."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def cycles(successor: Array) -> tuple[Array, Array]:
    """The nodes cycle by cycle, each in the order of its way round, and the cycles' lengths.

    Nodes that come before both their neighbours in a random order are kept, the stretches between
    them are contracted, and so on until every cycle is one node; on the way back each stretch is
    laid out after the node that stood for it. Stretches are short, so they are walked in step.
    """
    weights = np.ones(len(successor), successor.dtype)
    positions, counts = _place(successor, weights, 0)
    order = np.empty_like(successor)
    order[positions] = np.arange(len(successor), dtype=successor.dtype)
    return order, np.concatenate(counts).astype(np.int64)


def _place(successor: Array, weights: Array, base: int) -> tuple[Array, list[Array]]:
    """The position of every node in the layout, whose free part begins at ``base``."""
    positions = np.empty_like(successor)
    alone = np.flatnonzero(successor == np.arange(len(successor), dtype=successor.dtype))
    lengths = weights[alone]
    ends = base + np.cumsum(lengths)
    positions[alone] = ends - lengths
    if len(alone) == len(successor):
        return positions, [lengths]
    # Random priorities keep about one node in three, whatever the rings look like, so that the
    # rounds shrink quickly. To follow each ring node by node is a loop in Python for every corner.
    keep = _local_minima(successor)
    kept = np.flatnonzero(keep)
    keep[alone] = True
    shorter, heavier = _contract(successor, weights, keep, kept)
    base = int(ends[-1]) if len(ends) else base
    positions[kept], counts = _place(shorter, heavier, base)
    _lay_out(successor, weights, keep, kept, positions)
    return positions, [lengths, *counts]


def _local_minima(successor: Array) -> Array:
    mine = _scrambled(len(successor))
    following = mine[successor]
    keep = np.empty(len(successor), np.bool_)
    keep[successor] = following < mine
    keep &= mine < following
    return keep


def _scrambled(count: int) -> Array:
    """Distinct numbers in no order: steps of a multiplicative generator, mixed once more.

    Neighbours on a ring have regular numbers, so that a product alone leaves long monotone runs.
    """
    numbers = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B1)
    numbers ^= numbers >> np.uint32(15)
    numbers *= np.uint32(0x85EBCA77)
    numbers ^= numbers >> np.uint32(13)
    return numbers


def _contract(successor: Array, weights: Array, keep: Array, kept: Array) -> tuple[Array, Array]:
    """Successors and weights of the kept nodes when the others are folded into them."""
    weight, at = weights[kept], successor[kept]
    moving = np.flatnonzero(~keep[at])
    while len(moving):
        node = at[moving]
        weight[moving] += weights[node]
        at[moving] = node = successor[node]
        moving = moving[~keep[node]]
    rank = np.empty_like(successor)
    rank[kept] = np.arange(len(kept), dtype=successor.dtype)
    return rank[at], weight


def _lay_out(successor: Array, weights: Array, keep: Array, kept: Array, positions: Array) -> None:
    node, position = successor[kept], positions[kept] + weights[kept]
    while True:
        moving = np.flatnonzero(~keep[node])
        if not len(moving):
            return
        node, position = node[moving], position[moving]
        positions[node] = position
        position += weights[node]
        node = successor[node]
