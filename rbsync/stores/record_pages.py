"""Records one after the other, of which never more than a page is in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rbsync.model.record import Record
from rbsync.stores.base import Amounts, Paged, Store, Traced, Writer

PAGE = 2_000


def each_record(reader: Store | Writer) -> Iterator[Record]:
    """All records in the order of their names, verified.

    What is written meanwhile may be met or not. Raises StoreError.
    """
    return _each(reader, failed=False)


def each_failed(reader: Store | Writer) -> Iterator[Record]:
    """The records of what failed the last time that it was tried. Raises as `each_record` does."""
    return (one for one in _each(reader, failed=True) if one.has_failed)


def some_records(store: Store, names: Iterable[str]) -> dict[str, Record]:
    """The records of those of the names that have one, verified. Raises StoreError."""
    if isinstance(store, Traced):
        return store.some_records(names)
    found = ((name, store.record(name)) for name in names)
    return {name: one for name, one in found if one}


def amounts(reader: Store | Writer) -> Amounts:
    """The numbers of records of each kind."""
    if isinstance(reader, Paged):
        return reader.amounts()
    every = reader.records().values()
    return Amounts(
        applied=sum(one.applied is not None for one in every),
        failed=sum(one.has_failed for one in every),
        pending=sum(one.pending is not None for one in every),
    )


def _each(reader: Store | Writer, *, failed: bool) -> Iterator[Record]:
    if not isinstance(reader, Paged):
        yield from (one for _, one in sorted(reader.records().items()))
        return
    after = ""
    while some := reader.next_records(after, PAGE, failed=failed):
        yield from some
        after = some[-1].name
