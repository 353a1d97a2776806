"""A writer around another one: the base of those that fail or die."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager

from rbsync.model.record import Header, Intent, Record
from rbsync.stores.base import Upload, Writer


class WrappedWriter(ABC):
    """Satisfies ``Writer``."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    @abstractmethod
    def _step(self, method: str) -> AbstractContextManager[None]:
        """What a call that changes the state is done in."""

    def header(self) -> Header:
        return self._writer.header()

    def records(self) -> dict[str, Record]:
        return self._writer.records()

    def some_records(self, names: Iterable[str]) -> dict[str, Record]:
        return self._writer.some_records(names)

    def pending_records(self) -> dict[str, Record]:
        return self._writer.pending_records()

    def verify(self, names: Iterable[str]) -> None:
        self._writer.verify(names)

    def claim(self, target: str) -> None:
        self._writer.claim(target)

    def raise_serial(self, least: int) -> None:
        self._writer.raise_serial(least)

    def uploads(self, contents: Iterable[str], storage: str) -> Mapping[str, str]:
        return self._writer.uploads(contents, storage)

    def contents(self, refs: Iterable[str]) -> Mapping[str, str]:
        return self._writer.contents(refs)

    def intend(self, intents: Sequence[Intent]) -> None:
        with self._step("intend"):
            self._writer.intend(intents)

    def commit(
        self,
        records: Sequence[Record] = (),
        *,
        removed: Iterable[str] = (),
        uploads: Sequence[Upload] = (),
        lost: Iterable[str] = (),
    ) -> None:
        with self._step("commit"):
            self._writer.commit(records, removed=removed, uploads=uploads, lost=lost)
