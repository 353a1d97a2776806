"""A state that stops taking what it is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from rbsync.errors import StoreError
from rbsync.model.state import Header, Intent, Record
from rbsync.stores.base import Upload, Writer


class FailingWriter:
    """Satisfies ``Writer``; from its n-th call of a method on, that raises StoreError.

    ``times`` is how often it does so before the state can be written again.
    """

    def __init__(
        self,
        writer: Writer,
        method: Literal["intend", "commit"],
        at: int,
        *,
        times: int = 1_000_000,
    ) -> None:
        self._writer = writer
        self._failing = method
        self._good = at - 1
        self._bad = times
        self.failed = False

    def header(self) -> Header:
        return self._writer.header()

    def records(self) -> dict[str, Record]:
        return self._writer.records()

    def claim(self, target: str) -> None:
        self._writer.claim(target)

    def uploads(self, contents: Iterable[str], storage: str) -> Mapping[str, str]:
        return self._writer.uploads(contents, storage)

    def intend(self, intents: Sequence[Intent]) -> None:
        self._may_fail("intend")
        self._writer.intend(intents)

    def commit(
        self,
        records: Sequence[Record] = (),
        *,
        removed: Iterable[str] = (),
        uploads: Sequence[Upload] = (),
    ) -> None:
        self._may_fail("commit")
        self._writer.commit(records, removed=removed, uploads=uploads)

    def _may_fail(self, method: str) -> None:
        if self.failed and self._bad:
            self._bad -= 1
            raise StoreError("The state cannot be used: the disk is full.")
        if method == self._failing and self._bad:
            self._good -= 1
            if self._good < 0:
                self.failed = True
                self._bad -= 1
                raise StoreError("The state cannot be used: the disk is full.")
