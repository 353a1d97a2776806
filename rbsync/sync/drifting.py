"""Drift: what changed at the project behind our back."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from rbsync.applier.comparing import differing
from rbsync.backends.base import TaskContent
from rbsync.errors import StoreError
from rbsync.model.fingerprint import Facet
from rbsync.model.known_texts import KnownTexts
from rbsync.model.record import UNKNOWN, Record
from rbsync.stores.record_pages import amounts, each_record, some_records
from rbsync.sync.gaps import Gaps
from rbsync.sync.known_project import check_target, known_project
from rbsync.sync.last_look import note_look
from rbsync.sync.listed import is_managed, is_task_of, known_fingerprints
from rbsync.sync.workspace import Workspace

_TOGETHER = 50


class Edited(NamedTuple):
    """A datapoint that others changed, and its facets that are not as they were left."""

    name: str
    facets: tuple[Facet, ...]


class Drift(NamedTuple):
    """``missing`` are records without a task, ``unmanaged`` tasks without a record.

    A name is both when its task was deleted and another made. ``unstamped`` are those of the
    unchanged whose stamp is gone.
    """

    missing: tuple[str, ...]
    edited: tuple[Edited, ...]
    unmanaged: tuple[str, ...]
    unchanged: int
    unstamped: tuple[str, ...] = ()


def drift(workspace: Workspace) -> Drift:
    """Compares all that the project has with the state; changes nothing.

    Reads the labels of every task. Raises BackendError when the project cannot be read to its
    end, and StoreError when there is no state.
    """
    header = workspace.store.header()
    if header is None:
        raise StoreError("there is no state yet", hint="`rbsync refresh` makes it of the project")
    check_target(header, known_project(workspace))
    known = _Known(workspace)
    found = _Found()
    gaps = Gaps(workspace.note)
    listing = gaps.passing(workspace.backend.read())
    stamps = workspace.backend.capabilities.stamps
    # A few at a time: the labels of a page may be large.
    while some := list(islice(listing, _TOGETHER)):
        records = known.some(one.task.name for one in some)
        for one in some:
            found.take(one, records.get(one.task.name), stamps=stamps)
    missing = found.missing(known, gaps)
    note_look(workspace)
    return Drift(
        tuple(sorted(missing)),
        tuple(sorted(found.edited)),
        tuple(sorted(found.unmanaged)),
        found.unchanged,
        tuple(sorted(found.unstamped)),
    )


class _Known:
    """The records as they are now: what is pending is looked up, for it may have arrived."""

    def __init__(self, workspace: Workspace) -> None:
        self._store = store = workspace.store
        pending: dict[str, Record] = {}
        if amounts(store).pending:
            pending = {one.name: one for one in each_record(store) if one.pending}
        self._settled = workspace.settling.look(pending)

    def some(self, names: Iterable[str]) -> dict[str, Record]:
        """The records of those of the names that have one."""
        records = some_records(self._store, names).values()
        return {one.name: one for one in self._now(records)}

    def each(self) -> Iterator[Record]:
        """All records."""
        yield from self._now(each_record(self._store))

    def _now(self, records: Iterable[Record]) -> Iterator[Record]:
        settled = (self._settled.get(one.name) if one.pending else one for one in records)
        yield from filter(None, settled)


class _Found:
    """The findings of a listing, where all that is as it should be is only counted."""

    def __init__(self) -> None:
        self.edited: list[Edited] = []
        self.unmanaged: list[str] = []
        self.unstamped: list[str] = []
        self.unchanged = 0
        self._listed = array("q")

    def take(self, found: TaskContent, record: Record | None, *, stamps: bool) -> None:
        """Takes a task, and the record of its name."""
        name = found.task.name
        if record is None or not is_managed(record) or not is_task_of(record, found.task):
            self.unmanaged.append(name)
            return
        self._listed.append(hash(name))
        if facets := _edited(found, record):
            self.edited.append(Edited(name, facets))
            return
        self.unchanged += 1
        if found.task.stamp is None and stamps and record.applied != UNKNOWN:
            self.unstamped.append(name)

    def missing(self, known: _Known, gaps: Gaps) -> Iterator[str]:
        """The names whose recorded tasks were not listed, once all were."""
        listed = KnownTexts.of_hashes(self._listed)
        for one in known.each():
            # What is pending is not missing: nobody knows yet whether it arrived.
            is_held = one.applied is not None and one.pending is None
            if is_held and one.name not in listed and not gaps.may_hold(one):
                yield one.name


def drifted_how(found: TaskContent | None, record: Record) -> str:
    """Says how a task is not as it was left, empty for one that is; None is one that is gone."""
    if not record.applied or record.pending is not None:
        return ""
    if found is None:
        return "it is gone from the project"
    facets = _edited(found, record) if is_task_of(record, found.task) else ()
    return f"others changed its {' and '.join(facets)}" if facets else ""


def _edited(found: TaskContent, record: Record) -> tuple[Facet, ...]:
    # Taken over by force, it differs on purpose until the next apply.
    if record.applied == UNKNOWN or record.pending is not None:
        return ()
    return differing(found, known_fingerprints(record))
