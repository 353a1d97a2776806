"""Class index -> rings, by the compiled kernel where there is one and by NumPy elsewhere.

NumPy's way finds all corners, links them, and reads the rings off as cycles. Each corner is a
node, named by the direction in which its ring leaves it: a vertex has at most one such node for
each of the four directions, whatever the number of classes around it. Along a row of the grid the
runs of one side never overlap, so that the i-th node that leaves to the right is followed by the
i-th that is arrived at from the left; the same holds along columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.masks.classes.class_numbers import class_numbers
from rbsync.masks.kernel import compiled
from rbsync.masks.outlines.corners import (
    DOWN,
    LEFT,
    MAIN_DIAGONAL,
    OTHER_DIAGONAL,
    RIGHT,
    TURNS,
    UP,
    Corners,
    find_corners,
)
from rbsync.masks.outlines.rings import Rings, in_order

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


HEADINGS = (RIGHT, LEFT, DOWN, UP)


def trace_with_numpy(index: Array) -> Rings:
    """The twin of `trace_compiled`, for a class index (h, w) of any unsigned type."""
    corners = find_corners(index)
    if not len(corners.positions):
        nothing = np.zeros((0, 2), np.int32), np.zeros(0, np.int64)
        return in_order(index.shape, *nothing, np.zeros(0, np.uint32), np.zeros(0, np.bool_))
    successor, places, pairs = _link(corners, index.shape[1])
    # Each of these arrays may be as large as the picture, and so many at a time are more than a
    # small machine has.
    del corners
    order, counts = _separate(successor, pairs)
    positions = places[order]
    del successor, places, order
    return _read_off(index, positions, counts)


def _link(corners: Corners, width: int) -> tuple[Array, Array, Array]:
    """Each node's successor, each node's position, and the pairs of nodes at saddles (2, k)."""
    nodes = _number(corners)
    leaving = [np.flatnonzero(_bits(corners.turns, 1, heading)) for heading in HEADINGS]
    parts = [_followers(corners, nodes, leaving[heading], heading, width) for heading in HEADINGS]
    places = np.concatenate([corners.positions[vertices] for vertices in leaving])
    main = np.flatnonzero(corners.saddles & MAIN_DIAGONAL)
    other = np.flatnonzero(corners.saddles & OTHER_DIAGONAL)
    pairs = np.concatenate([nodes[[RIGHT, LEFT]][:, main], nodes[[DOWN, UP]][:, other]], axis=1)
    return np.concatenate(parts), places, pairs


def _number(corners: Corners) -> Array:
    """The node of each vertex (columns) for each heading (rows), where it has one."""
    kind = corners.positions.dtype
    nodes = np.empty((4, len(corners.turns)), kind)
    base = -1
    for heading in HEADINGS:
        np.cumsum(_bits(corners.turns, 1, heading), out=nodes[heading])
        nodes[heading] += kind.type(base)
        base = int(nodes[heading, -1])
    return nodes


def _bits(turns: Array, end: int, heading: int) -> Array:
    """Returns where a ring arrives (``end`` 0) or leaves (``end`` 1) with a heading."""
    bits: Array = (turns & _turns_with(end, heading)) != 0
    return bits


def _turns_with(end: int, heading: int) -> np.uint8:
    return np.uint8(sum(1 << i for i, turn in enumerate(TURNS) if turn[end] == heading))


def _followers(corners: Corners, nodes: Array, leaving: Array, heading: int, width: int) -> Array:
    """The successors of the nodes that leave with a heading, in the order of their numbers."""
    arriving = np.flatnonzero(_bits(corners.turns, 0, heading))
    targets = _nodes_arrived_at(corners.turns[arriving], nodes[:, arriving], heading)
    if heading in (RIGHT, LEFT):
        return targets
    columns = corners.positions % (width + 1)
    columns = columns.astype(np.uint16 if width < 2**16 else np.uint32)
    followers = np.empty_like(targets)
    followers[np.argsort(columns[leaving], kind="stable")] = targets[
        np.argsort(columns[arriving], kind="stable")
    ]
    return followers


def _nodes_arrived_at(turns: Array, nodes: Array, heading: int) -> Array:
    """A ring that arrives with a heading leaves by one of two others."""
    ways = [(bit, leaves) for bit, (arrives, leaves) in enumerate(TURNS) if arrives == heading]
    (bit, one), (_, other) = ways
    arrived: Array = np.where(turns & np.uint8(1 << bit), nodes[one], nodes[other])
    return arrived


def _separate(successor: Array, pairs: Array) -> tuple[Array, Array]:
    """The nodes ring by ring, rings that touch themselves at a saddle split there, and lengths.

    Such touches nest, all on one side of the ring, so that all can be split at once.
    """
    order, counts = cycles(successor)
    rings = np.empty_like(order)
    rings[order] = np.repeat(np.arange(len(counts), dtype=order.dtype), counts)
    # Where two different rings touch, nothing has to be split.
    first, second = pairs[:, rings[pairs[0]] == rings[pairs[1]]]
    if not len(first):
        return order, counts
    successor[first], successor[second] = successor[second], successor[first]
    touching = np.zeros(len(counts), np.bool_)
    touching[rings[first]] = True
    return _again(successor, order, counts, touching)


def _again(successor: Array, order: Array, counts: Array, touching: Array) -> tuple[Array, Array]:
    """`cycles` of the touching rings alone, after all others as they are."""
    of_touching = np.repeat(touching, counts)
    nodes = order[of_touching]
    place = np.empty_like(order)
    place[nodes] = np.arange(len(nodes), dtype=order.dtype)
    suborder, subcounts = cycles(place[successor[nodes]])
    return (
        np.concatenate([order[~of_touching], nodes[suborder]]),
        np.concatenate([counts[~touching], subcounts]),
    )


def _read_off(index: Array, positions: Array, counts: Array) -> Rings:
    """Rings from the positions of their corners: each turned to begin at its first corner."""
    width = index.shape[1]
    firsts = np.cumsum(counts) - counts
    starts = np.minimum.reduceat(positions, firsts)
    turn = np.flatnonzero(positions == np.repeat(starts, counts)) - firsts
    second = positions[firsts + (turn + 1) % counts]
    # A ring starts at its topmost, then leftmost corner. From there a region goes right, along the
    # row, and a hole goes down.
    holes = second - starts > width
    y, x = np.divmod(starts, width + 1)
    # A hole's first corner is the upper left of what is cut out; the pixel above it is of the
    # class.
    values = index[y - holes, x].astype(np.uint32)
    positions = positions[_turned(turn, counts, positions.dtype)]
    return in_order(index.shape, _vertices(positions, width), counts, values, holes)


def _turned(turn: Array, counts: Array, kind: Any) -> Array:
    """The indices of all corners, each ring from its ``turn``-th corner round."""
    ends = np.cumsum(counts)
    indices = np.arange(ends[-1], dtype=kind)
    indices += np.repeat(turn.astype(kind), counts)
    beyond = indices >= np.repeat(ends.astype(kind), counts)
    indices -= np.repeat(counts.astype(kind), counts) * beyond
    return indices


def _vertices(positions: Array, width: int) -> Array:
    vertices = np.empty((len(positions), 2), np.int32)
    np.floor_divide(positions, width + 1, out=vertices[:, 1], casting="same_kind")
    np.remainder(positions, width + 1, out=vertices[:, 0], casting="same_kind")
    return vertices


def trace(index: npt.NDArray[Any]) -> Rings:
    """The rings of all classes of a class index (h, w) of integers; 0 is background.

    Pixels of a class that share only a corner are apart. The result does not depend on whether
    the compiled kernel is there. Raises MaskError as `class_numbers` does.
    """
    index = class_numbers(index)
    return trace_compiled(index) if compiled.available() else trace_with_numpy(index)


def trace_compiled(index: npt.NDArray[Any]) -> Rings:
    """`trace` of uint8, uint16 or uint32 by the compiled kernel, which must be available."""
    height, width = index.shape
    return Rings(width, height, *compiled.trace(np.ascontiguousarray(index)))
