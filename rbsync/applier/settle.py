"""Settling what is not known: a create or delete whose answer was lost, by looking it up."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rbsync.backends.base import Backend, Task
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.outcome import Failure
from rbsync.model.state import Intent, Record

LONGEST_RETRYING = 600.0
"""Seconds after its intent in which a request may still have been sent: what was surely not sent
is tried several times, and the service may ask for long pauses."""

CONFLICT = "the project has another datapoint of this name"
CONFLICT_HINT = "rename one of them, or take over what exists with `rbsync adopt --force`"


def settle_all(
    backend: Backend,
    records: Mapping[str, Record],
    *,
    clock: Callable[[], float],
    pause: Callable[[float], bool],
) -> dict[str, Record | None]:
    """What each pending record truly is, None for one that is to be removed.

    Waits until a request that is still on its way has had the time to land; settles nothing when
    ``pause`` says that there is no time for that. Raises BackendError when the project does not
    answer completely; then nothing is settled either.
    """
    pending = {name: record for name, record in records.items() if record.pending is not None}
    if not pending:
        return {}
    newest = max(record.pending.sent_at for record in pending.values() if record.pending)
    quarantine = backend.capabilities.quarantine
    left = newest + LONGEST_RETRYING + quarantine - clock()
    if quarantine and left > 0 and not pause(min(left, quarantine)):
        return {}
    found = backend.find(sorted(pending))
    return {name: _settled(record, found.get(name)) for name, record in pending.items()}


def _settled(record: Record, task: Task | None) -> Record | None:
    intent = record.pending
    assert isinstance(intent, Intent)  # noqa: S101  (settle_all picks records that have one)
    if task is None:
        return _absent(record, intent)
    if intent.fingerprint is not None and task.stamp == intent.fingerprint:
        return Record(record.name, intent.fingerprint, task.task_id)
    if task.stamp is not None and task.stamp == record.applied:
        return record._replace(pending=None, task_id=task.task_id)
    if record.applied is not None and task.task_id == record.task_id:
        return record._replace(pending=None)
    if intent.operation == "delete":
        return None
    return Record(record.name, failure=conflict(), attempted=intent.fingerprint)


def _absent(record: Record, intent: Intent) -> Record | None:
    """The name is not there: a delete is done, a create is not, an update lost its datapoint."""
    if intent.operation == "delete" or record.failure is None:
        return None
    return record._replace(pending=None, applied=None, task_id="")


def conflict() -> Failure:
    """The failure of a create whose name another datapoint has."""
    return Failure("conflict", "create", CONFLICT, hint=CONFLICT_HINT)


def is_ours(task: Task | None, fingerprint: Fingerprint) -> bool:
    """Whether a datapoint at the project is the one that was to be created."""
    return task is not None and task.stamp == fingerprint
