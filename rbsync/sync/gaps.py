"""Listings with gaps: what cannot be read is told and left out, and is neither there nor gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from rbsync.backends.base import GapsError
from rbsync.model.record import Record

T = TypeVar("T")


class Gaps:
    """The gaps of one listing, empty until it is over."""

    def __init__(self, note: Callable[[str], None]) -> None:
        """``note`` is told of them."""
        self._note = note
        self._error: GapsError | None = None

    def passing(self, listing: Iterable[T]) -> Iterator[T]:
        """Yields what a listing has; its gaps are told, and are no failure."""
        try:
            yield from listing
        except GapsError as error:
            self._error = error
            self._note(f"{error}; left out here, and taken neither for there nor for gone")

    def may_hold(self, record: Record | None) -> bool:
        """Tells whether the task of a record may be there though it did not come."""
        if record is None or self._error is None:
            return False
        return self._error.may_hold(record.task_id)

    def unknown(self, records: Mapping[str, Record]) -> frozenset[str]:
        """The names of the records of which this listing says nothing, unless it has them."""
        return frozenset(name for name, one in records.items() if self.may_hold(one))
