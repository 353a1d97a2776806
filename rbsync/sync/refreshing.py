"""Refresh: rebuild or correct the state from the project."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import NamedTuple

from rbsync.applier.cancellation import Cancellation
from rbsync.backends.base import Project, Task, no_name
from rbsync.errors import RbsyncError
from rbsync.model.known_texts import KnownTexts
from rbsync.model.record import Record
from rbsync.stores.base import Writer
from rbsync.stores.record_pages import amounts, each_record
from rbsync.sync.applying import whoami
from rbsync.sync.gaps import Gaps
from rbsync.sync.known_project import check_target, known_project
from rbsync.sync.last_look import note_look
from rbsync.sync.listed import as_listed, is_managed
from rbsync.sync.serials import newest_header, newest_mark, remember_newest
from rbsync.sync.state_editing import backup_path
from rbsync.sync.workspace import Workspace

_TOGETHER = 2_000
"""Tasks whose records are read at once."""


class Refreshed(NamedTuple):
    """The changes of a refresh in the state, by name; ``unmanaged`` are tasks without a record."""

    added: tuple[str, ...]
    corrected: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    unmanaged: tuple[str, ...]


def refresh(workspace: Workspace, timeout: float) -> Refreshed:
    """Makes a record of every task with a stamp, and removes those whose task is gone.

    The file of a datapoint that is gone may be gone too, and is sent when it is wanted again.
    Makes the state, bound to the project, when there is none. Raises BackendError when the
    project cannot be listed to its end, and LockedError and StoreError; then no record changes.
    """
    with _settled_writer(workspace, timeout) as writer:
        gaps = Gaps(workspace.note)
        found = _Corrections(writer)
        listing = gaps.passing(workspace.backend.list(counted=no_name))
        while some := {task.name: task for task in islice(listing, _TOGETHER)}:
            found.listed(some)
        note_look(workspace)
        found.listed_all(gaps)
        put(workspace, writer, found.records, found.removed)
        if lost := found.lost:
            # The project was asked and the datapoint is not there: its file may have gone with it,
            # and must be sent again with the next create.
            writer.commit(lost=lost)
        done = found.told()
        writer.raise_serial(found.newest)
        # Also where it was higher once: what was put back is as the project is from here on.
        remember_newest(writer.header(), is_refreshed=True)
    return done


class _Corrections:
    """The records that a listing corrects. Of all others nothing is kept in memory."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._before = amounts(writer).applied
        self._others: dict[str, tuple[Record | None, Record | None]] = {}
        self._listed = array("q")
        self._unmanaged: set[str] = set()
        self.newest = 0
        """The highest serial that runs of this state have left in tasks."""

    def listed(self, tasks: Mapping[str, Task]) -> None:
        """Takes tasks; one that has the name of an earlier one stands for both."""
        before = self._writer.some_records(tasks)
        after = as_listed(before, tasks)
        for name in tasks:
            self._note(name, before.get(name), after.get(name))
        self._unmanaged.difference_update(tasks)
        self._unmanaged.update(name for name in tasks if not is_managed(after.get(name)))
        self._listed.extend(map(hash, tasks))
        marks = (one.mark for one in tasks.values())
        self.newest = max(self.newest, newest_mark(self._writer.header(), marks))

    def listed_all(self, gaps: Gaps) -> None:
        """Takes that there are no other tasks, but for the gaps of the listing."""
        listed = KnownTexts.of_hashes(self._listed)
        for record in each_record(self._writer):
            name = record.name
            if name not in listed:
                unknown = {name} if gaps.may_hold(record) else ()
                self._note(name, record, as_listed({name: record}, {}, unknown).get(name))

    def _note(self, name: str, before: Record | None, after: Record | None) -> None:
        self._others.pop(name, None)
        if before != after:
            self._others[name] = (before, after)

    @property
    def records(self) -> list[Record]:
        """Those that become others, by name."""
        return [after for _, (_, after) in sorted(self._others.items()) if after]

    @property
    def removed(self) -> list[str]:
        """The names that have no record any more."""
        return sorted(name for name, (_, after) in self._others.items() if after is None)

    @property
    def lost(self) -> list[str]:
        """The contents of the datapoints that are gone, as far as records tell: those of one file.

        The fingerprint of the items of any other is no content, and forgetting it changes nothing.
        """
        return [
            before.applied.items
            for before, after in self._others.values()
            if before and before.applied and not _is_held(after)
        ]

    def told(self) -> Refreshed:
        """Tells all that was corrected."""
        held = {name for name, (before, _) in self._others.items() if _is_held(before)}
        holds = {name for name, (_, after) in self._others.items() if _is_held(after)}
        return Refreshed(
            added=tuple(sorted(holds - held)),
            corrected=tuple(sorted(held & holds)),
            removed=tuple(sorted(held - holds)),
            unchanged=self._before - len(held),
            unmanaged=tuple(sorted(self._unmanaged)),
        )


def _is_held(record: Record | None) -> bool:
    return record is not None and record.applied is not None


@contextmanager
def correcting(workspace: Workspace, timeout: float) -> Iterator[Writer]:
    """A writer of the project's state, made when there is none, with nothing left unsettled.

    What the project cannot tell now stays pending. Raises RbsyncError when there is no project,
    and StateError for an older state that was put back.
    """
    newest_header(workspace.store)
    with _settled_writer(workspace, timeout) as writer:
        yield writer
        remember_newest(writer.header())


@contextmanager
def _settled_writer(workspace: Workspace, timeout: float) -> Iterator[Writer]:
    workspace.recovery_file.check()
    project = present_project(workspace)
    # The records of one project must not be corrected by another's tasks.
    check_target(workspace.store.header(), project)
    with workspace.store.writer(whoami(), timeout=timeout) as writer:
        writer.claim(project.identity)
        workspace.settling.recover(writer, Cancellation())
        yield writer


def present_project(workspace: Workspace) -> Project:
    """Returns what the project is. Raises RbsyncError when there is none."""
    project = known_project(workspace)
    if project is None:
        raise RbsyncError("there is no project yet", hint="the first `rbsync apply` makes it")
    return project


def put(
    workspace: Workspace, writer: Writer, changed: Sequence[Record], removed: Sequence[str] = ()
) -> None:
    """Makes records others, after a backup of the state."""
    if changed or removed:
        # A refresh against the wrong project empties the state. The backup is what takes that back.
        workspace.store.backup(backup_path(workspace))
        writer.commit(changed, removed=removed)
