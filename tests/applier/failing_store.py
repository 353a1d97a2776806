"""A state that stops taking what it is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from rbsync.errors import StoreError
from rbsync.stores.base import Writer
from tests.applier.wrapped_writer import WrappedWriter


class FailingWriter(WrappedWriter):
    """From its n-th call of a method on, that raises StoreError.

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
        super().__init__(writer)
        self._failing = method
        self._good = at - 1
        self._bad = times
        self.failed = False

    @contextmanager
    def _step(self, method: str) -> Iterator[None]:
        self._may_fail(method)
        yield

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
