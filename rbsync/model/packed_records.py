"""Records in the order of their names, packed by the thousand: a million of them are no objects."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence, ValuesView
from heapq import merge
from itertools import islice, pairwise
from operator import itemgetter
from types import MappingProxyType
from typing import NamedTuple

from rbsync.model.fingerprint import Fingerprint
from rbsync.model.record import Record

_BETWEEN = "\0"
_TOGETHER = 1000
"""Records that are made objects together when one of them is asked for."""

PlainRow = tuple[str, str, str, str, str]
"""The name of a record that says what the project has and nothing else, the three facets of that,
and the id of its task."""


class _Chunk(NamedTuple):
    """Columns of plain rows, joined; of settings one text where all have the same."""

    number: int
    names: str
    items: str
    labels: str
    settings: str
    tasks: str

    @classmethod
    def of(cls, rows: Sequence[PlainRow]) -> _Chunk:
        columns = [*zip(*rows, strict=True)]
        if len(set(columns[3])) == 1:
            columns[3] = columns[3][:1]
        return cls(len(rows), *map(_BETWEEN.join, columns))

    def every_name(self) -> list[str]:
        return self.names.split(_BETWEEN)

    def records(self) -> dict[str, Record]:
        names, items, labels, settings, tasks = (one.split(_BETWEEN) for one in self[1:])
        if len(settings) == 1:
            settings *= self.number
        # Making the tuples without the named constructors halves the time of a large state.
        new = tuple.__new__
        rows = zip(names, items, labels, settings, tasks, strict=True)
        return {
            name: new(Record, (name, new(Fingerprint, facets), task, None, None, None, (), ""))
            for name, *facets, task in rows
        }


class PackedRecords(Mapping[str, Record]):
    """Records by name, in the order of names.

    ``others`` are no rows of chunks, or stand in their place; None for one that is gone.
    """

    def __init__(
        self, chunks: Sequence[_Chunk], others: Mapping[str, Record | None] = MappingProxyType({})
    ) -> None:
        self._chunks, self._others = chunks, dict(others)
        self._firsts = [one.names.partition(_BETWEEN)[0] for one in chunks]
        self._opened: tuple[int, dict[str, Record]] = (-1, {})
        hidden = sum(1 for name in sorted(self._others) if self._packed(name) is not None)
        self._plain = sum(one.number for one in chunks) - hidden

    @classmethod
    def of(cls, rows: Iterable[PlainRow]) -> PackedRecords | None:
        """The records of rows, None where they cannot be packed.

        They are no texts without NUL, or not in the order of their names: what is wrong with such
        a state is told when somebody acts on it.
        """
        chunks: list[_Chunk] = []
        rest, last = iter(rows), ""
        while some := list(islice(rest, _TOGETHER)):
            names = [last, *(row[0] for row in some)] if chunks else [row[0] for row in some]
            if not all(map(_is_sound, some)) or any(a >= b for a, b in pairwise(names)):
                return None
            chunks.append(_Chunk.of(some))
            last = names[-1]
        return cls(chunks)

    def changed(self, others: Mapping[str, Record | None]) -> PackedRecords:
        """The same with other records, or without those that are None."""
        return PackedRecords(self._chunks, {**self._others, **others})

    def unusual(self) -> Iterator[Record]:
        """Yields all that may say more than what the project has."""
        return (one for one in self._others.values() if one is not None)

    @property
    def recorded(self) -> int:
        """The number of those that say that the project has something."""
        return self._plain + sum(1 for one in self.unusual() if one.applied is not None)

    def names_beside(self, parts: Iterable[Sequence[str]]) -> set[str]:
        """The names that are in none of some sorted sequences."""
        left: list[set[str] | None] = [None] * len(self._chunks)
        others = {name for name, one in self._others.items() if one is not None}
        gone = self._others.keys() - others
        for names in parts:
            others.difference_update(names)
            self._take_out(left, names)
        for at, some in enumerate(left):
            others.update(self._chunks[at].every_name() if some is None else some)
        return others - gone

    def _take_out(self, left: list[set[str] | None], names: Sequence[str]) -> None:
        """Takes sorted names out of those of chunks; of the chunks alone that may have some."""
        begin = 0
        at = max(0, bisect_right(self._firsts, names[0]) - 1) if names else len(left)
        while begin < len(names) and at < len(left):
            is_last = at + 1 == len(left)
            end = len(names) if is_last else bisect_left(names, self._firsts[at + 1], begin)
            some = left[at]
            if end > begin:
                some = left[at] = set(self._chunks[at].every_name()) if some is None else some
                some.difference_update(names[begin:end])
            begin, at = end, at + 1

    def _packed(self, name: str) -> Record | None:
        at = bisect_right(self._firsts, name) - 1
        if at < 0:
            return None
        # Whoever compares goes through the names in their order.
        opened = self._opened
        if opened[0] != at:
            opened = self._opened = at, self._chunks[at].records()
        return opened[1].get(name)

    def __getitem__(self, name: str) -> Record:
        found = self._others[name] if name in self._others else self._packed(name)
        if found is None:
            raise KeyError(name)
        return found

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __len__(self) -> int:
        return self._plain + sum(1 for _ in self.unusual())

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self.items())

    def items(self) -> ItemsView[str, Record]:
        return _Items(self)

    def values(self) -> ValuesView[Record]:
        return _Values(self)

    def in_order(self) -> Iterator[tuple[str, Record]]:
        """Yields names with their records; a thousand of them are objects at one time."""
        plain = (one for chunk in self._chunks for one in chunk.records().items())
        if not self._others:
            return plain
        kept = (one for one in plain if one[0] not in self._others)
        others = sorted((one.name, one) for one in self.unusual())
        return merge(kept, others, key=itemgetter(0))


class _Items(ItemsView[str, Record]):
    """As a mapping has them, without a search for each name."""

    def __init__(self, records: PackedRecords) -> None:
        super().__init__(records)
        self._records = records

    def __iter__(self) -> Iterator[tuple[str, Record]]:
        return self._records.in_order()


class _Values(ValuesView[Record]):
    """As `_Items`."""

    def __init__(self, records: PackedRecords) -> None:
        super().__init__(records)
        self._records = records

    def __iter__(self) -> Iterator[Record]:
        return (one for _, one in self._records.in_order())


def _is_sound(row: PlainRow) -> bool:
    # The database may be damaged, and then has in a column what was never written to it.
    return all(isinstance(text, str) and _BETWEEN not in text for text in row)


def unusual(records: Mapping[str, Record]) -> Iterator[Record]:
    """Yields all records that may say more than what the project has."""
    return records.unusual() if isinstance(records, PackedRecords) else iter(records.values())


def recorded(records: Mapping[str, Record]) -> int:
    """The number of records that say that the project has something."""
    if isinstance(records, PackedRecords):
        return records.recorded
    return sum(1 for one in records.values() if one.applied is not None)


def names_beside(records: Mapping[str, Record], parts: Iterable[Sequence[str]]) -> set[str]:
    """The names of records that are in none of some sorted sequences of names."""
    if isinstance(records, PackedRecords):
        return records.names_beside(parts)
    left = set(records)
    for names in parts:
        left.difference_update(names)
    return left


def changed(
    records: Mapping[str, Record], others: Mapping[str, Record | None]
) -> Mapping[str, Record]:
    """The records with others in place of some, or without those that are None."""
    if isinstance(records, PackedRecords):
        return records.changed(others)
    merged = {**records, **others}
    return {name: record for name, record in merged.items() if record is not None}
