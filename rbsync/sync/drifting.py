"""Drift: what changed at the project behind our back."""

from __future__ import annotations

from typing import NamedTuple

from rbsync.applier.comparing import differing
from rbsync.backends.base import TaskContent
from rbsync.errors import StoreError
from rbsync.model.fingerprint import Facet
from rbsync.model.record import UNKNOWN, Record
from rbsync.sync.gaps import Gaps
from rbsync.sync.known_project import check_target, known_project
from rbsync.sync.last_look import note_look
from rbsync.sync.listed import is_managed, is_task_of, known_fingerprints
from rbsync.sync.workspace import Workspace


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
    records = workspace.settling.look(workspace.store.records())
    # What is pending is not missing: nobody knows yet whether it arrived.
    missing = {name for name, one in records.items() if one.applied and not one.pending}
    edited: list[Edited] = []
    unmanaged: list[str] = []
    unstamped: list[str] = []
    unchanged = 0
    gaps = Gaps(workspace.note)
    stamps = workspace.backend.capabilities.stamps
    for found in gaps.passing(workspace.backend.read()):
        name = found.task.name
        record = records.get(name)
        if record is None or not is_managed(record) or not is_task_of(record, found.task):
            unmanaged.append(name)
            continue
        missing.discard(name)
        facets = _edited(found, record)
        if facets:
            edited.append(Edited(name, facets))
        else:
            unchanged += 1
            if found.task.stamp is None and stamps and record.applied != UNKNOWN:
                unstamped.append(name)
    missing -= gaps.unknown(records)
    told = {*missing, *unmanaged, *(one.name for one in edited)}
    # A damaged record would show as drift of a task that nobody touched.
    workspace.store.verify(told.intersection(records))
    note_look(workspace)
    return Drift(
        tuple(sorted(missing)),
        tuple(sorted(edited)),
        tuple(sorted(unmanaged)),
        unchanged,
        tuple(sorted(unstamped)),
    )


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
