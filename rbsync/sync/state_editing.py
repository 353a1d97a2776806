"""The state by hand: locked, and backed up before it is changed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from rbsync.backends.base import Collected, NamedTask, NewName, Renames, TaskContent
from rbsync.documents import FORMAT_VERSION
from rbsync.documents.records import StateDocument
from rbsync.documents.state_reading import read_state
from rbsync.errors import RbsyncError, StaleError, StateError, StoreError, UsageError
from rbsync.files.patterns import PatternError
from rbsync.files.renaming import renaming
from rbsync.model.record import Header, Record
from rbsync.stores.base import Writer
from rbsync.stores.record_json import record_json
from rbsync.stores.stamped_names import stamped_name
from rbsync.sync import sweeping
from rbsync.sync.applying import whoami
from rbsync.sync.serials import remember_edit, remember_newest
from rbsync.sync.workspace import Workspace

BACKUPS = "backups"
_SEEN = "`rbsync ls` lists what it has"


@contextmanager
def editing(workspace: Workspace, timeout: float) -> Iterator[Writer]:
    """A writer of a state that exists, after a backup of it was made.

    Raises LockedError, StoreError.
    """
    if workspace.store.header() is None:
        raise StoreError("there is no state yet", hint="the first `rbsync apply` makes it")
    with workspace.store.writer(whoami(), timeout=timeout) as writer:
        workspace.store.backup(backup_path(workspace))
        before = writer.header()
        yield writer
        remember_edit(before, writer.header())


def backup_path(workspace: Workspace) -> str:
    """A new name for a copy of the state."""
    folder = os.path.join(os.path.dirname(workspace.recovery_file.path), BACKUPS)
    os.makedirs(folder, exist_ok=True)
    return stamped_name(os.path.join(folder, "state-"), ".db", os.path.lexists)


def forget(workspace: Workspace, names: tuple[str, ...], timeout: float) -> None:
    """Removes records: what they stand for is planned as if it had never been created."""
    with editing(workspace, timeout) as writer:
        _check_known(writer.some_records(names), names)
        writer.commit(removed=names)


def rename(workspace: Workspace, old: str, new: str, timeout: float) -> dict[str, str]:
    """Gives records other names, and returns these by the old ones.

    ``old`` is a name, or a pattern with captures, of which ``new`` is made. What is recorded is to
    be true afterwards: a project that can rename does so too, and of a service the tasks must have
    their new names already. Raises RbsyncError for names that are unknown, taken or left open.
    """
    with editing(workspace, timeout) as writer:
        records = writer.records()
        pairs = _pairs(records, old, new)
        writer.verify(pairs)
        _check_free(records, pairs)
        ids = _renamed(workspace, records, pairs)
        moved = [
            records[before]._replace(name=after, task_id=ids.get(after, records[before].task_id))
            for before, after in pairs.items()
        ]
        writer.commit(moved, removed=list(pairs))
    return pairs


def _pairs(records: Mapping[str, Record], old: str, new: str) -> dict[str, str]:
    if old in records:
        return {old: new}
    try:
        one = renaming(old, new)
    except PatternError as error:
        # Without a capture it was meant to be a name.
        if "{" not in old:
            _check_known(records, (old,))
        raise UsageError(str(error)) from error
    pairs = {name: after for name in sorted(records) if (after := one.new_name(name))}
    if not pairs:
        _check_known(records, (old,))
    return pairs


def _check_free(records: Mapping[str, Record], pairs: Mapping[str, str]) -> None:
    for old, new in pairs.items():
        # The request that is under way has the old name, and is looked up by it.
        if records[old].pending is not None:
            hint = "`rbsync apply` or `rbsync refresh` looks it up"
            raise RbsyncError(f"an earlier run left `{old}` open: its result is unknown", hint=hint)
        if new in records:
            raise RbsyncError(f"the state has `{new}` already")


def _renamed(
    workspace: Workspace, records: Mapping[str, Record], pairs: Mapping[str, str]
) -> Mapping[str, str]:
    """The ids of the tasks that have the new names. Raises RbsyncError when one has not."""
    there = {old: new for old, new in pairs.items() if records[old].applied is not None}
    if not there:
        return {}
    backend = workspace.backend
    if isinstance(backend, Renames):
        present = backend.look([records[old].task_id for old in there])
        names = [
            NewName(NamedTask(old, records[old].task_id), new, _items(present, records[old]))
            for old, new in there.items()
            if records[old].task_id in present
        ]
        for name, why in backend.rename(names).items():
            raise RbsyncError(f"the project cannot have `{name}`: {why}", hint=_SEEN)
        return {}
    found = backend.find(list(there.values()))
    for old, new in there.items():
        if new not in found:
            hint = "`rbsync apply --on-move carry` gives datapoints the names that are declared"
            raise RbsyncError(f"the project has no `{new}`; its task is `{old}` still", hint=hint)
    return {name: task.task_id for name, task in found.items()}


def _items(present: Mapping[str, TaskContent], record: Record) -> tuple[str, ...]:
    return present[record.task_id].task.items


def collect(workspace: Workspace, timeout: float) -> Collected:
    """Removes the stored files that nothing needs, while no apply is at work.

    What an apply has sent and not created yet belongs to nothing either.
    """
    if workspace.store.header() is None:
        return sweeping.collect(workspace)
    with workspace.store.writer(whoami(), timeout=timeout):
        return sweeping.collect(workspace)


def pull(workspace: Workspace) -> dict[str, Any]:
    """The whole state as a document. Raises StoreError when there is none."""
    header = workspace.store.header()
    if header is None:
        raise StoreError("there is no state yet")
    records = workspace.store.records()
    workspace.store.verify(records)
    return {
        "format_version": FORMAT_VERSION,
        "lineage": header.lineage,
        "serial": header.serial,
        "target": header.target,
        "records": [record_json(records[name]) for name in sorted(records)],
    }


def push(
    workspace: Workspace, data: bytes, timeout: float, *, force: bool, file: str = "the document"
) -> int:
    """Makes the state what a document says, and returns the number of its records.

    Raises UserError for a document with anything wrong in it, StateError for one of another
    project, and StaleError for one of another lineage or a lower serial, unless forced. After one
    of before a later run the next plan asks for a refresh.
    """
    document = read_state(data, file)
    pushed = [one.value() for one in document.records]
    with editing(workspace, timeout) as writer:
        before, known = writer.header(), writer.records()
        _check_fits(document, before, force=force)
        gone = known.keys() - {one.name for one in pushed}
        writer.commit(pushed, removed=sorted(gone))
        if document.serial < before.serial and any(_is_older(one, known) for one in pushed):
            # As with a copy that was put back, the next plan wants the project to be looked at.
            after = writer.header()
            remember_newest(replace(after, serial=after.serial + 1))
    return len(pushed)


def _is_older(pushed: Record, known: Mapping[str, Record]) -> bool:
    """Tells whether a record says what was true before a run that the state knew of."""
    now = known.get(pushed.name)
    return now is not None and now.applied != pushed.applied


def _check_fits(document: StateDocument, header: Header, *, force: bool) -> None:
    # Another project's state has the same shape. Pushed by mistake, it would make orphans of
    # everything.
    if document.target and header.target and document.target != header.target:
        raise StateError(
            f"the document is of the project {document.target}, and the state of {header.target}",
            hint="push it where that project's manifest is",
        )
    if not force and document.lineage != header.lineage:
        raise StaleError("this is another state's document", hint="pass --force to take it")
    if not force and document.serial < header.serial:
        raise StaleError(
            f"the state has serial {header.serial}, newer than the document's {document.serial}",
            hint="pull it again, or pass --force",
        )


def _check_known(records: Mapping[str, Record], names: tuple[str, ...]) -> None:
    for name in names:
        if name not in records:
            raise RbsyncError(f"the state has no `{name}`", hint="`rbsync state list` lists all")
