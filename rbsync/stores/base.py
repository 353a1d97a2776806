"""The port of a store: where the state lives.

Any number of readers may look at a state while one writer holds it. A store that is not there
yet reads as empty; the first writer makes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from rbsync.checks import Check
from rbsync.model.record import Header, Intent, Record
from rbsync.stores.row_values import Content


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds the lock; ``since`` is in seconds since the epoch."""

    user: str
    host: str
    pid: int
    run: str
    since: float

    def __str__(self) -> str:
        return f"{self.user}@{self.host}, pid {self.pid}"


# Kept beyond the run: a scan of 2 GB that was sent before Ctrl-C must not be sent again.
class Upload(NamedTuple):
    """Content that the backend has already, so that no later run sends it again.

    ``storage`` is the storage that it was uploaded for, ``ref`` where the backend keeps it.
    """

    content: str
    storage: str
    ref: str


class Amounts(NamedTuple):
    """The numbers of records by what they say: it is there, it failed, or nobody knows yet."""

    applied: int
    failed: int
    pending: int


class Store(Protocol):
    """Reads a state, and hands out the one writer of it."""

    def header(self) -> Header | None:
        """Returns what the state is; None when there is no state yet.

        Raises StateError when the state is damaged or of a newer version.
        """

    def records(self) -> Mapping[str, Record]:
        """All records by name, those with a pending intent included."""

    def record(self, name: str) -> Record | None:
        """The record of one name, verified."""

    def verify(self, names: Iterable[str]) -> None:
        """Raises StateError when one of the records of these names is not as it was written.

        `records` reads a million of them and looks only at what stands out; whoever is going to
        act on a record has it verified before.
        """

    def is_settled(self) -> bool:
        """Tells whether no intent is pending; reads no records."""

    def writer(self, owner: Owner, *, timeout: float) -> AbstractContextManager[Writer]:
        """Locks the state for writing, waiting up to ``timeout`` seconds.

        Makes the state when there is none, and raises its epoch. Raises LockedError, which names
        the present owner, when the lock is not to be had in time.
        """

    def owner(self) -> Owner | None:
        """Who is writing, or was when a machine or a process died over it; None when nobody."""

    def is_held(self) -> bool:
        """Tells whether the one whom `owner` names is still at work; not when it is dead."""

    def unlock(self) -> None:
        """Lets the next writer in although the present one has not left.

        When that one wakes up, its commits are refused.
        """

    def backup(self, target: str) -> None:
        """Copies the state as it is now to a new file, also while it is written to.

        Raises StoreError when there is a file at ``target`` already.
        """

    def close(self) -> None:
        """Releases what is open."""


class Mark(NamedTuple):
    """A commit of a state, which no copy that went on by itself has."""

    serial: int
    text: str


@runtime_checkable
class Traced(Protocol):
    """A store that knows which records its commits changed, so that not all have to be read."""

    def mark(self) -> Mark | None:
        """The last commit; None when it is not known."""

    def changed_since(self, mark: Mark) -> frozenset[str] | None:
        """The names whose records were put or removed after a commit.

        None when the state has no such commit, or does not know any more.
        """

    def some_records(self, names: Iterable[str]) -> dict[str, Record]:
        """The records of those of the names that have one, verified."""


@runtime_checkable
class Paged(Protocol):
    """A store, or its writer, that need not read all of its records to go through them."""

    def next_records(self, after: str, most: int, *, failed: bool) -> list[Record]:
        """The records whose names come after a name, in the order of names, verified.

        At most ``most`` of them, and none at the end; ``failed`` leaves out those that have no
        failure.
        """

    def amounts(self) -> Amounts:
        """The numbers of records of each kind; only those that are pending are read."""


@runtime_checkable
class Movable(Protocol):
    """A store whose state can be moved to another one and put away."""

    def content(self) -> Content | None:
        """All of the state, each row as it was written; None when there is none."""

    def fill(self, content: Content) -> None:
        """Makes a state that is all of this, at once or not at all.

        Raises StoreError when there is a state already.
        """

    def check_retirable(self) -> None:
        """Raises StoreError where `retire` would be refused, while its caller has the lock."""

    def retire(self) -> str:
        """Puts the state away, while its caller has the lock, and tells where it is now.

        Nobody finds it there unless it is asked for.
        """


@runtime_checkable
class Examined(Protocol):
    """A store on a server, of which there is more to be seen than the state in it."""

    def checks(self) -> Iterator[Check]:
        """Looks at the way to the server, and at what may be done there.

        Raises StoreError where it cannot be reached.
        """


class Writer(Protocol):
    """The one holder of a state. Each method is durable when it returns.

    All but the readers raise StoreError when the state has been taken over since (its epoch has
    grown), and then nothing of the call is written.
    """

    def header(self) -> Header:
        """Returns what the state is now."""

    def records(self) -> dict[str, Record]:
        """All records by name."""

    def some_records(self, names: Iterable[str]) -> dict[str, Record]:
        """The records of those of the names that have one, verified."""

    def pending_records(self) -> dict[str, Record]:
        """The records that have a pending intent, verified; the others are not read."""

    def verify(self, names: Iterable[str]) -> None:
        """As the store's."""

    def claim(self, target: str) -> None:
        """Binds the state to a project; raises StateError when it belongs to another one."""

    def intend(self, intents: Sequence[Intent]) -> None:
        """Writes down what is about to be sent. An intent of a name replaces an earlier one."""

    def commit(
        self,
        records: Sequence[Record] = (),
        *,
        removed: Iterable[str] = (),
        uploads: Sequence[Upload] = (),
        lost: Iterable[str] = (),
    ) -> None:
        """Puts records and uploads, removes names, and drops the intents of all of them.

        ``lost`` are contents that the backend may not have any more: their uploads are forgotten
        before others are put.
        A record that is put carries its own ``pending``, which is written too. The serial grows
        by one, however many there are, when records are put or removed.
        """

    def raise_serial(self, least: int) -> None:
        """Makes the serial at least this one: later runs of the state left it in the project."""

    def uploads(self, contents: Iterable[str], storage: str) -> Mapping[str, str]:
        """Returns the refs of those of the contents that were uploaded for the storage."""

    def contents(self, refs: Iterable[str]) -> Mapping[str, str]:
        """The content identities of what the backend keeps there, of those that are known."""
