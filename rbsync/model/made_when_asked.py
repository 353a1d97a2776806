"""A sequence whose values are made when they are asked for: a million of them are no objects."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeVar, overload

T = TypeVar("T")


class MadeWhenAsked(Sequence[T]):
    """Equal to a tuple of the same values. A subclass says how many there are, and makes them."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def __iter__(self) -> Iterator[T]: ...

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[T, ...]: ...
    def __getitem__(self, at: int | slice) -> T | tuple[T, ...]:
        if isinstance(at, slice):
            return tuple(self)[at]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        return self._made(at % len(self))

    def _made(self, at: int) -> T:
        """The value of an index that there is."""
        return next(islice(iter(self), at, None))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MadeWhenAsked | tuple):
            return NotImplemented
        return len(self) == len(other) and all(
            one == two for one, two in zip(self, other, strict=True)
        )

    __hash__ = None  # type: ignore[assignment]  # as of a tuple of what has no hash
