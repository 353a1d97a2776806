"""The port of a history: what runs did, and the contents that they took away.

It stands beside the state and is no part of it: a state that is put back from a copy must not
take the history back with it, and the copies that are made of a state stay small.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from rbsync.model.history import Change, Run


class Swept(NamedTuple):
    """The contents that were swept; ``size`` is their bytes."""

    runs: int
    contents: int
    size: int


class History(Protocol):
    """Satisfied by every history. All methods raise StoreError; any thread may call them.

    A history that is not there yet reads as empty; the first that is written makes it.
    """

    def begin(self, run: Run) -> None:
        """Writes down that a run begins; one that is there already is replaced."""

    def note(self, changes: Sequence[Change]) -> None:
        """Writes down changes that take nothing away; they outlive the end of this process."""

    def keep(self, changes: Sequence[Change], contents: Mapping[str, bytes]) -> None:
        """Writes changes and contents, by their digests, down; durable when it returns."""

    def end(self, run: Run) -> None:
        """Writes down what came of a run; durable when it returns, with all before it."""

    def runs(self) -> list[Run]:
        """All runs, newest first: in the order in which they began here, whatever clocks said."""

    def changes(self, runs: Iterable[str]) -> list[Change]:
        """The changes of these runs, newest first."""

    def life(self, name: str) -> list[Change]:
        """The changes of one name, and those that gave it the name, newest first."""

    def content(self, digest: str) -> bytes:
        """A content that was kept. Raises StoreError also when it is not there or is damaged."""

    def refs(self) -> frozenset[str]:
        """The files of the embedded project that the history needs: they must not be removed."""

    def size(self) -> int:
        """Returns how many bytes the contents take."""

    def sweep(self, before: float) -> Swept:
        """Forgets the runs before the first that began at a time or later, all if there is none.

        The contents that none of the rest has are forgotten with them.
        """

    def close(self) -> None:
        """Releases what is open."""


@runtime_checkable
class KeepsHistory(Protocol):
    """A store that has a history of its own kind, instead of a folder beside it."""

    def history(self) -> History:
        """The history of this state."""
