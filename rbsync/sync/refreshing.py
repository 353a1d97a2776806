"""Refresh: rebuild or correct the state from the project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from rbsync.applier.cancellation import Cancellation
from rbsync.backends.base import Project, Task, no_name
from rbsync.errors import RbsyncError
from rbsync.model.record import Record
from rbsync.stores.base import Writer
from rbsync.sync.applying import whoami
from rbsync.sync.gaps import Gaps
from rbsync.sync.known_project import check_target, known_project
from rbsync.sync.last_look import note_look
from rbsync.sync.listed import as_listed, is_managed
from rbsync.sync.serials import check_newest, newest_mark, remember_newest
from rbsync.sync.state_editing import backup_path
from rbsync.sync.workspace import Workspace


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
        listing = gaps.passing(workspace.backend.list(counted=no_name))
        tasks = {task.name: task for task in listing}
        before = writer.records()
        note_look(workspace)
        after = as_listed(before, tasks, gaps.unknown(before))
        put(workspace, writer, before, after)
        lost = contents_lost(before, after)
        if lost:
            # The project was asked and the datapoint is not there: its file may have gone with it,
            # and must be sent again with the next create.
            writer.commit(lost=lost)
        writer.raise_serial(newest_mark(writer.header(), (one.mark for one in tasks.values())))
        # Also where it was higher once: what was put back is as the project is from here on.
        remember_newest(writer.header(), is_refreshed=True)
    return _compared(before, after, tasks)


@contextmanager
def correcting(workspace: Workspace, timeout: float) -> Iterator[Writer]:
    """A writer of the project's state, made when there is none, with nothing left unsettled.

    What the project cannot tell now stays pending. Raises RbsyncError when there is no project,
    and StateError for an older state that was put back.
    """
    check_newest(workspace.store.header())
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
    workspace: Workspace,
    writer: Writer,
    before: Mapping[str, Record],
    after: Mapping[str, Record],
) -> None:
    """Makes records others, after a backup of the state."""
    changed = [record for name, record in after.items() if before.get(name) != record]
    removed = sorted(before.keys() - after.keys())
    if changed or removed:
        # A refresh against the wrong project empties the state. The backup is what takes that back.
        workspace.store.backup(backup_path(workspace))
        writer.commit(changed, removed=removed)


def contents_lost(before: Mapping[str, Record], after: Mapping[str, Record]) -> list[str]:
    """The contents of the datapoints that are gone, as far as records tell: those of one file.

    The fingerprint of the items of any other is no content, and forgetting it changes nothing.
    """
    holds = {name for name, one in after.items() if one.applied is not None}
    gone = (one.applied for name, one in before.items() if one.applied and name not in holds)
    return [one.items for one in gone]


def _compared(
    before: Mapping[str, Record], after: Mapping[str, Record], tasks: Mapping[str, Task]
) -> Refreshed:
    held = {name for name, one in before.items() if one.applied is not None}
    holds = {name for name, one in after.items() if one.applied is not None}
    corrected = [name for name in held & holds if before[name] != after[name]]
    return Refreshed(
        added=tuple(sorted(holds - held)),
        corrected=tuple(sorted(corrected)),
        removed=tuple(sorted(held - holds)),
        unchanged=len(held & holds) - len(corrected),
        unmanaged=tuple(sorted(name for name in tasks if not is_managed(after.get(name)))),
    )
