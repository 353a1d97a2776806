"""Settling what is not known: a create or delete whose answer was lost, by looking it up."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import assert_never

from rbsync.applier.ownership import is_print
from rbsync.backends.base import Backend, IncompleteError, Task, every_name, no_name
from rbsync.errors import BackendError
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.outcome import Failure
from rbsync.model.packed_records import unusual
from rbsync.model.record import Intent, Record, attempted_since

# Seconds after its intent in which a request may still have been sent: what was surely not sent is
# tried several times, and the service may ask for long pauses.
LONGEST_RETRYING = 600.0

Recall = Callable[[Sequence[str], Sequence[str]], Mapping[str, str]]
"""What was uploaded, content identities by refs: what is kept at some refs, and some contents."""

LONGEST_TAKING_IN = 86400.0
"""Seconds after which what the service agreed to make, and did not, is planned again."""

CONFLICT = "the project has another datapoint of this name"
CONFLICT_HINT = "rename one of them, or take over what exists with `rbsync adopt --force`"
ARCHIVED = "an archived datapoint of the project has this name"
ARCHIVED_HINT = (
    "take it out of the archive at the project and run `rbsync adopt --force NAME`, or delete it "
    "there and run `rbsync apply` again"
)


def settle_all(
    backend: Backend,
    records: Mapping[str, Record],
    *,
    clock: Callable[[], float],
    pause: Callable[[float], bool],
    recall: Recall = lambda refs, contents: {},  # noqa: ARG005  (nothing was)
) -> dict[str, Record | None]:
    """Returns what each pending record truly is, None for one that is to be removed.

    ``recall`` tells what was uploaded, which has to tell ours where no stamps are left.
    Waits until a request that is still on its way has had the time to land; settles nothing when
    ``pause`` says that there is no time for that. Raises BackendError when the project does not
    answer for any; what it does not answer for stays pending.
    """
    pending = pending_of(records)
    if not pending:
        return {}
    left = quarantine_left(backend, pending, clock())
    # Asking sooner would be worse than not asking: a create that lands after the answer "not there"
    # would be made a second time.
    if left and not pause(left):
        return {}
    return _looked_up(backend, pending, recall, clock())


def settle_seen(
    backend: Backend, records: Mapping[str, Record], *, now: float
) -> dict[str, Record | None]:
    """Returns what is certain of the pending records without any waiting.

    While a request may still land, only what is there as it was meant to be is certain, and of
    what has no stamp, and should have none, nothing is. Raises BackendError when the project does
    not answer for any name.
    """
    pending = pending_of(records)
    settled = _looked_up(backend, pending, None, now) if pending else {}
    # `plan` must not wait half a minute, so it believes only what cannot become untrue: a task that
    # is there stays there.
    if not quarantine_left(backend, pending, now):
        return settled
    return {name: one for name, one in settled.items() if _is_done(one, pending[name])}


def pending_of(records: Mapping[str, Record]) -> dict[str, Record]:
    """The records of what was about to be sent, and of which no result is known."""
    return {one.name: one for one in unusual(records) if one.pending is not None}


def quarantine_left(backend: Backend, pending: Mapping[str, Record], now: float) -> float:
    """For how many seconds a request of these may still land, 0 when none can any more."""
    quarantine = backend.capabilities.quarantine
    # What was accepted was answered: nothing of it is on its way.
    lost = (one.pending for one in pending.values() if not one.is_accepted)
    # The newest intent is waited for, and with it all older ones: one pause instead of one for
    # each.
    newest = max((one.sent_at for one in lost if one), default=0.0)
    # A clock that was set back would have the wait last for hours; no request can be under way for
    # longer than the quarantine from now.
    return max(0.0, min(newest + LONGEST_RETRYING + quarantine - now, quarantine))


def _looked_up(
    backend: Backend, pending: Mapping[str, Record], recall: Recall | None, now: float
) -> dict[str, Record | None]:
    """Without ``recall`` nothing is said of tasks that nobody stamped, where ours have none."""
    names = sorted(pending)
    unknown: Collection[str] = ()
    stamps = backend.capabilities.stamps
    counted = no_name if stamps else every_name
    try:
        found: Mapping[str, Task] = backend.find(names, counted=counted)
    except IncompleteError as error:
        found, unknown = answered(error, names)
    # Without stamps a task of the right name may be anybody's. It is compared part by part, and for
    # files that needs the memory of what was uploaded where.
    bare = {name for name, one in found.items() if not stamps and one.stamp is None}
    known = _recalled(recall, [found[name] for name in bare], [pending[name] for name in bare])
    is_ours = partial(is_print, contents=known, stamps=stamps)
    open_ = {*unknown, *(() if recall else bare)}
    open_ |= {name for name, one in pending.items() if name not in found and _is_coming(one, now)}
    return {
        name: _settled(record, found.get(name), is_ours)
        for name, record in pending.items()
        if name not in open_
    }


def _is_coming(record: Record, now: float) -> bool:
    """Tells whether the service agreed to make it and may still be at it."""
    intent = record.pending
    return record.is_accepted and intent is not None and now < intent.sent_at + LONGEST_TAKING_IN


def answered(
    error: BackendError, names: Collection[str]
) -> tuple[Mapping[str, Task], Collection[str]]:
    """Returns what a look-up that failed found all the same, and the names that it knows nothing
    of.
    """
    if isinstance(error, IncompleteError):
        return error.found, error.unknown
    return {}, names


def _recalled(
    recall: Recall | None, tasks: Sequence[Task], records: Sequence[Record]
) -> Mapping[str, str]:
    if recall is None or not tasks:
        return {}
    intents = [one.pending for one in records if one.pending]
    contents = [one.fingerprint.items for one in intents if one.fingerprint]
    return recall([ref for one in tasks if one.made_of for ref in one.made_of.refs], contents)


def _is_done(settled: Record | None, before: Record) -> bool:
    if settled is None or before.pending is None or settled.applied is None:
        return False
    return settled.applied == before.pending.fingerprint


def _settled(
    record: Record, task: Task | None, is_ours: Callable[[Task, Fingerprint], bool]
) -> Record | None:
    intent = record.pending
    assert isinstance(intent, Intent)  # noqa: S101  (settle_all picks records that have one)
    if task is None:
        return _absent(record, intent)
    if intent.fingerprint is not None and is_ours(task, intent.fingerprint):
        return Record(
            record.name,
            intent.fingerprint,
            task.task_id,
            declined=intent.declined,
            old_name=intent.old_name,
        )
    # The old stamp is still there: the update never arrived, or only its last part is missing.
    # Either way the plan will see the difference and send it again.
    if task.stamp is not None and task.stamp == record.applied:
        return _cut_off(record, intent, task.task_id)
    if record.applied is not None and task.task_id == record.task_id:
        return _cut_off(record, intent, task.task_id)
    # Another task has the name now, so ours is gone as it was meant to be; the other one is not
    # ours to speak of.
    match intent.operation:
        case "delete":
            return _deleted(intent)
        case "create" | "update":
            return Record(record.name, failure=conflict(), attempted=intent.fingerprint)
        case never:
            assert_never(never)


def _cut_off(record: Record, intent: Intent, task_id: str) -> Record:
    """Of what was not done, or in part: what is there may be what was attempted.

    A failure is that of what was attempted then; what the service refused was another content.
    """
    if intent.fingerprint is None or intent.fingerprint == record.attempted:
        return record._replace(pending=None, task_id=task_id)
    attempted = attempted_since(record, intent.fingerprint)
    return record._replace(pending=None, task_id=task_id, failure=None, attempted=attempted)


def _absent(record: Record, intent: Intent) -> Record | None:
    """The name is not there: a delete is done, a create is not, an update lost its datapoint."""
    if intent.operation == "delete":
        return _deleted(intent)
    # A create that never arrived leaves no record at all. The next plan then creates it as if
    # nothing had happened, unless it was declined before.
    if record.failure is None:
        return Record(record.name, declined=record.declined) if record.declined else None
    return record._replace(pending=None, applied=None, task_id="")


def _deleted(intent: Intent) -> Record | None:
    return Record(intent.name, declined=intent.declined) if intent.declined else None


def archived() -> Failure:
    """The failure of a create whose name an archived datapoint has."""
    return Failure("conflict", "create", ARCHIVED, hint=ARCHIVED_HINT)


def conflict() -> Failure:
    """The failure of a create whose name another datapoint has."""
    return Failure("conflict", "create", CONFLICT, hint=CONFLICT_HINT)
