"""The records as they are by what the project lists. Pure: records and tasks in, records out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from rbsync.backends.base import Task
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.record import UNKNOWN, Record


def as_listed(
    records: Mapping[str, Record],
    tasks: Mapping[str, Task],
    unknown: Collection[str] = (),
) -> dict[str, Record]:
    """The records that a complete listing leaves: one for each task with a stamp.

    What is pending stays so: only a look-up after its quarantine settles it. The record of a
    task that has no stamp stays too, as long as it is the same task, and that of a name which is
    ``unknown`` and not listed.
    """
    return dict(_left(records, tasks, unknown))


def _left(
    records: Mapping[str, Record], tasks: Mapping[str, Task], unknown: Collection[str]
) -> Iterator[tuple[str, Record]]:
    for name in sorted(records.keys() | tasks.keys()):
        record, task = records.get(name), tasks.get(name)
        if task is None and name in unknown:
            found: Record | None = record
        # A pending record is not corrected by a listing: what was sent may not be in it yet.
        elif record is not None and (record.pending or (task and _stays(record, task))):
            found = record
        elif task is not None and task.stamp is not None:
            known = record or Record(name)
            declined = task.mark.declined
            task_id = known.task_id if task.has_id(known.task_id) else task.task_id
            found = known._replace(applied=task.stamp, task_id=task_id, declined=declined)
        else:
            found = _gone(record) if record else None
        if found is not None:
            yield name, found


def _stays(record: Record, task: Task) -> bool:
    if record.applied is None or not task.has_id(record.task_id):
        return False
    return task.stamp in (None, record.applied) or record.applied == UNKNOWN


def _gone(record: Record) -> Record | None:
    """Returns what is left of a record without a task: why it failed, and what is not wanted."""
    # Why it failed is worth more than an empty record, and is shown by `rbsync failures`.
    kept = record.failure or record.declined
    return record._replace(applied=None, task_id="") if kept else None


def is_managed(record: Record | None) -> bool:
    """Tells whether a task with this record is one of ours."""
    return record is not None and (record.applied is not None or record.pending is not None)


def is_task_of(record: Record, task: Task) -> bool:
    """Tells whether a task is the very one of this record, not another that was given its name.

    What is unsettled may be either, and of some creates the project did not tell the id.
    """
    if record.pending is not None or not record.task_id:
        return True
    return task.has_id(record.task_id)


def is_sibling(record: Record, task: Task, lineage: str) -> bool:
    """Tells whether a task is another one of the datapoint whose recorded task is gone.

    The stamp is the datapoint's, and so the same for all of its tasks. One that the state
    ``lineage`` left in a task that it does not know is therefore on a sibling of one that it knew.
    """
    if not (lineage and record.task_id) or task.has_id(record.task_id):
        return False
    return task.stamp is not None and task.mark.lineage == lineage


def known_fingerprints(record: Record) -> list[Fingerprint]:
    """All that a task may have by what its record says, also after a run that was cut off."""
    pending = record.pending.fingerprint if record.pending else None
    every = (record.applied, record.attempted, pending)
    return [one for one in every if one is not None]
