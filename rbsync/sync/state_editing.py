"""The state by hand: locked, and backed up before it is changed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rbsync.backends.base import Collected
from rbsync.documents import FORMAT_VERSION
from rbsync.documents.records import StateDocument
from rbsync.documents.state_reading import read_state
from rbsync.errors import RbsyncError, StaleError, StateError, StoreError
from rbsync.model.record import Header, Record
from rbsync.stores.base import Writer
from rbsync.stores.record_json import record_json
from rbsync.sync import sweeping
from rbsync.sync.applying import whoami
from rbsync.sync.serials import remember_newest
from rbsync.sync.workspace import Workspace

BACKUPS = "backups"


@contextmanager
def editing(workspace: Workspace, timeout: float) -> Iterator[Writer]:
    """A writer of a state that exists, after a backup of it was made.

    Raises LockedError, StoreError.
    """
    if workspace.store.header() is None:
        raise StoreError("there is no state yet", hint="the first `rbsync apply` makes it")
    with workspace.store.writer(whoami(), timeout=timeout) as writer:
        workspace.store.backup(backup_path(workspace))
        yield writer
        remember_newest(writer.header())


def backup_path(workspace: Workspace) -> str:
    """A new name for a copy of the state."""
    folder = os.path.join(os.path.dirname(workspace.recovery_file.path), BACKUPS)
    os.makedirs(folder, exist_ok=True)
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    path = os.path.join(folder, f"state-{stamp}.db")
    number = 1
    # Two edits in one second must not overwrite each other's backup.
    while os.path.exists(path):
        number += 1
        path = os.path.join(folder, f"state-{stamp}-{number}.db")
    return path


def forget(workspace: Workspace, names: tuple[str, ...], timeout: float) -> None:
    """Removes records: what they stand for is planned as if it had never been created."""
    with editing(workspace, timeout) as writer:
        _check_known(writer.records(), names)
        writer.commit(removed=names)


def rename(workspace: Workspace, old: str, new: str, timeout: float) -> None:
    """Gives a record another name, for a datapoint that was renamed at the project."""
    with editing(workspace, timeout) as writer:
        records = writer.records()
        _check_known(records, (old,))
        writer.verify([old])
        # The request that is under way has the old name, and is looked up by it.
        if records[old].pending is not None:
            hint = "`rbsync apply` or `rbsync refresh` looks it up"
            raise RbsyncError(f"an earlier run left `{old}` open: its result is unknown", hint=hint)
        if new in records:
            raise RbsyncError(f"the state has `{new}` already")
        writer.commit([records[old]._replace(name=new)], removed=[old])


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
    project, and StaleError for one of another lineage or a lower serial, unless forced.
    """
    document = read_state(data, file)
    pushed = [one.value() for one in document.records]
    with editing(workspace, timeout) as writer:
        _check_fits(document, writer.header(), force=force)
        gone = writer.records().keys() - {one.name for one in pushed}
        writer.commit(pushed, removed=sorted(gone))
    return len(pushed)


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
