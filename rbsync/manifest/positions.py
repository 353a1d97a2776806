"""The place of every key and value of a document, in a few bytes each.

Nodes are numbered in the order in which they are written, a mapping's keys and values in turn.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Any, overload

from rbsync.errors import Location

Path = tuple[str | int, ...]
_COLUMN_BITS = 32
# Lists and mappings of more entries than this are walked once only.
_LONG = 64
_COLUMN = (1 << _COLUMN_BITS) - 1


def pack(line: int, column: int) -> int:
    """A 0-based place as one number."""
    return line << _COLUMN_BITS | column


def unpack(place: int, file: str) -> Location:
    """The 1-based place that a number stands for."""
    return Location(file, (place >> _COLUMN_BITS) + 1, (place & _COLUMN) + 1)


class Tree:
    """The places of all nodes and the number of nodes below each (itself included).

    ``aliases`` leads from an alias to its anchor. ``keys`` has, for a mapping whose keys are not
    simply those written in it (it repeats one or merges others), the node of each key.
    """

    __slots__ = ("_long", "_long_keys", "aliases", "keys", "places", "sizes")

    def __init__(self) -> None:
        # Arrays: a list's entries would be an object each, for documents of millions of lines.
        self.places = array("Q")
        self.sizes = array("I")
        self.aliases: dict[int, int] = {}
        self.keys: dict[int, dict[str, int]] = {}
        self._long: dict[int, array[int]] = {}
        self._long_keys: dict[int, dict[str, int]] = {}

    def add(self, place: int) -> int:
        """Enter a node and give its number."""
        node = len(self.places)
        self.places.append(place)
        self.sizes.append(1)
        return node

    def keys_of(self, node: int, mapping: dict[str, Any]) -> dict[str, int]:
        """The node of each key of the mapping at ``node``; the value is the node after it."""
        node = self.aliases.get(node, node)
        known = self.keys.get(node)
        if known is not None:
            return known
        kept = self._long_keys.get(node)
        if kept is not None and len(kept) == len(mapping):
            return kept
        # Dicts keep the order in which keys were entered, which is that of the nodes. The walk
        # knows no end of the mapping and would run on behind it.
        found = dict(zip(mapping, self._written_keys(node), strict=False))
        if len(mapping) > _LONG:
            self._long_keys[node] = found
        return found

    def items_of(self, node: int, count: int) -> Sequence[int]:
        """The nodes of the ``count`` entries of the list at ``node``."""
        node = self.aliases.get(node, node)
        found = self._long.get(node)
        if found is None:
            found = array("I", self._entries(node + 1, count))
            # Each look-up in a list steps over all entries before it; for every entry of a long one
            # that would be quadratic.
            if count > _LONG:
                self._long[node] = found
        return found

    def _entries(self, child: int, count: int) -> Iterator[int]:
        for _ in range(count):
            yield child
            child += self.sizes[child]

    def _written_keys(self, node: int) -> Iterator[int]:
        child = node + 1
        while True:
            yield child
            child += 1
            if child >= len(self.sizes):
                return
            child += self.sizes[child]

    def find(self, value: Any, path: Path, *, key: bool = False) -> int:
        """The node at ``path`` in the document's ``value``, or the last one on the way there.

        With ``key`` it is that of the key where the path ends in one.
        """
        node = 0
        for depth, step in enumerate(path, 1):
            if isinstance(value, dict) and step in value:
                name = self.keys_of(node, value)[str(step)]
                node = name if key and depth == len(path) else name + 1
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                node = self.items_of(node, len(value))[step]
            else:
                break
            value = value[step]
        return node


class Places(Sequence[Location]):
    """The places of a list's entries, made when they are asked for."""

    __slots__ = ("_file", "_packed")

    def __init__(self, packed: array[int], file: str) -> None:
        self._packed = packed
        self._file = file

    def __len__(self) -> int:
        return len(self._packed)

    @overload
    def __getitem__(self, index: int) -> Location: ...
    @overload
    def __getitem__(self, index: slice) -> Places: ...
    def __getitem__(self, index: int | slice) -> Location | Places:
        if isinstance(index, slice):
            return Places(self._packed[index], self._file)
        return unpack(self._packed[index], self._file)
