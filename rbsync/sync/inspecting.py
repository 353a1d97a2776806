"""Looking at what a plan would overwrite, as it is at the project now."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from rbsync.applier.attempts import Attempts, no_attempts
from rbsync.applier.comparing import differing, fingerprint_of
from rbsync.applier.overwriting import declared_settings, known_fingerprints, worked_on
from rbsync.applier.present_extents import labels_left
from rbsync.backends.base import Backend, TaskContent, no_name, read_once
from rbsync.errors import BackendError
from rbsync.files.name_patterns import name_pattern
from rbsync.model.datapoint import Datapoint
from rbsync.model.fingerprint import Algorithm, Facet, Fingerprint
from rbsync.model.plan import (
    Action,
    Blocked,
    Delete,
    OnConflict,
    Overwriting,
    Plan,
    Replace,
    Update,
    changes_labels,
)
from rbsync.model.record import UNKNOWN, Header, Record
from rbsync.planner.compare import in_order
from rbsync.planner.conflicts import Decisions, Sight, with_conflicts, with_fewer
from rbsync.reasons import AUTH, CONFLICT
from rbsync.reasons import UNKNOWN as NOT_KNOWN
from rbsync.sync.first_look import LOOKED_AT_ONCE
from rbsync.sync.listed import is_sibling
from rbsync.sync.overlay import SIBLING
from rbsync.sync.serials import check_marks

A = TypeVar("A", bound=Action)

_SHOWN = 3
_MANY = 32
"""Actions from which on threads are worth their start."""


def inspected(
    backend: Backend,
    plan: Plan,
    records: Mapping[str, Record],
    decisions: Decisions,
    algorithm: Algorithm,
    header: Header | None = None,
    certain: Callable[[], Header | None] = lambda: None,
    attempts: Attempts = no_attempts,
    lineage: str = "",
) -> Plan:
    """The plan, once what it would overwrite was looked at.

    What cannot be looked at is blocked: nobody knows what is there. Raises BackendError when the
    key is not accepted, and StateError when a task was left by a later run than the state knows of:
    ``header`` is what is known of it, and ``certain`` reads it anew, None while a run is under way.
    ``lineage`` is that of the state.
    """
    doomed = [
        one for one in plan.singled_out if isinstance(one, Overwriting) and _is_known(one, records)
    ]
    if not doomed:
        return plan
    sights: dict[str, Sight | None] = {}
    stands_in: set[str] = set()
    for some in portions(doomed, backend):
        try:
            found = backend.look([one.task_id for one in some])
            gone = [one for one in some if one.task_id not in found]
            stands_in |= _with_siblings(backend, gone, records, lineage)
        except BackendError as error:
            # A wrong key sees nothing: a plan with all actions blocked would hide why.
            if error.kind == AUTH:
                raise
            return _unseen(plan, {one.name for one in doomed}, error)
        check_marks(header, (one.task.mark for one in found.values()), certain)
        jobs = _jobs(some, found, records, attempts)
        names = (one.action.name for one in jobs)
        sights.update(zip(names, _sights(jobs, algorithm), strict=True))
    return with_conflicts(_held(plan, stands_in), sights, records, decisions)


def _held(plan: Plan, names: Collection[str]) -> Plan:
    """The plan, with the actions of some names blocked: others label what stands in for them."""
    if not names:
        return plan
    actions: list[Action] = [
        Blocked(one.name, CONFLICT, SIBLING) if one.name in names else one for one in plan.actions
    ]
    return replace(plan, actions=in_order(actions))


def _with_siblings(
    backend: Backend, gone: Sequence[Overwriting], records: Mapping[str, Record], lineage: str
) -> set[str]:
    """The names of which the recorded task is gone, and another one of the datapoint is there."""
    if not (gone and lineage):
        return set()
    found = backend.find([one.name for one in gone], counted=no_name)
    return {name for name, one in found.items() if is_sibling(records[name], one, lineage)}


def portions(actions: Sequence[A], backend: Backend) -> Iterator[Sequence[A]]:
    """The actions whose tasks are looked at in one go: what those hold is in memory meanwhile.

    Of a service all are asked for at once: it may be quicker to list all that it has.
    """
    size = LOOKED_AT_ONCE if backend.capabilities.at_hand else len(actions)
    return (actions[at : at + size] for at in range(0, len(actions), size))


def _jobs(
    actions: Sequence[Overwriting],
    found: Mapping[str, TaskContent],
    records: Mapping[str, Record],
    attempts: Attempts,
) -> list[_Job]:
    return [
        _Job(
            one,
            found.get(one.task_id),
            [*_left(records[one.name], one), *attempts(records[one.name])],
        )
        for one in actions
        if one.task_id not in found or found[one.task_id].task.name == one.name
    ]


class _Job(NamedTuple):
    """An action, what it would overwrite, and what runs of ours may have left there."""

    action: Overwriting
    found: TaskContent | None
    left: Sequence[Fingerprint]


def _sights(jobs: Sequence[_Job], algorithm: Algorithm) -> Iterable[Sight | None]:
    def seen(job: _Job) -> Sight | None:
        if job.found is None:
            return None
        return _sight(job.found, job.action, job.left, algorithm)

    if len(jobs) < _MANY:
        return map(seen, jobs)
    from concurrent.futures import ThreadPoolExecutor

    # Masks are drawn to be compared, which leaves the interpreter to others for half of the time.
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1), "rbsync-look") as threads:
        return list(threads.map(seen, jobs))


def told_of_losses(backend: Backend, plan: Plan) -> Plan:
    """A plan for which nobody has looked at the project, with what it takes away of labels.

    Raises BackendError.
    """
    relabelled = [one for one in plan.singled_out if changes_labels(one)]
    if plan.looked or not relabelled:
        return plan
    found = backend.look([one.task_id for one in relabelled])
    told = {
        one.name: with_fewer(one, labels_left(read_once(found[one.task_id]), one))
        for one in relabelled
        if one.task_id in found
    }
    return replace(plan, actions=tuple(told.get(one.name, one) for one in plan.actions))


def _is_known(action: Overwriting, records: Mapping[str, Record]) -> bool:
    """Returns what was taken over by force is overwritten whatever it is; that was said already."""
    record = records.get(action.name)
    return bool(action.task_id and record and record.applied and record.applied != UNKNOWN)


def _unseen(plan: Plan, names: set[str], error: BackendError) -> Plan:
    message = f"what the project has now could not be looked at: {error}"
    actions: list[Action] = [
        Blocked(one.name, NOT_KNOWN, message) if one.name in names else one for one in plan.actions
    ]
    return replace(plan, actions=in_order(actions))


def _left(record: Record, action: Overwriting) -> list[Fingerprint]:
    return known_fingerprints(record, action, with_desired=False)


def _sight(
    found: TaskContent,
    action: Overwriting,
    left: Sequence[Fingerprint],
    algorithm: Algorithm,
) -> Sight:
    """``left`` is all that runs of ours may have left there; the first is the last known."""
    found = read_once(found)
    changed = differing(found, left)
    busy = worked_on(found, left)
    same: tuple[Facet, ...] = ()
    told: dict[Facet, str] = {}
    put_back = () if isinstance(action, Delete) else _as_before(action, left[0])
    if (changed or put_back) and not isinstance(action, Delete):
        # Nobody has to have left what is there as it is declared: its stamp does not matter.
        desired = [action.datapoint.fingerprint]
        others = differing(found, desired)
        same = tuple(one for one in (*changed, *put_back) if one not in others)
        # Of the rest, what was left half done by a run that was cut off is nobody else's.
        declared = declared_settings(action)
        lost = differing(found, left, facets=changed, declared=declared)
        changed = tuple(one for one in changed if one in same or one in lost)
        told = dict(_told(found, action.datapoint, changed))
    elif changed:
        told = dict(_told(found, None, changed))
    fingerprint = fingerprint_of(found, algorithm) if changed else left[0]
    fewer = "" if isinstance(action, Delete) else labels_left(found, action)
    return Sight(changed, same, fingerprint, found.task.mark.declined, busy, told, fewer)


def _as_before(action: Update | Replace, left: Fingerprint) -> tuple[Facet, ...]:
    """The facets to be changed that are declared as they were left: they may be half changed."""
    declared = action.datapoint.fingerprint
    return tuple(one for one in action.changed if declared.of(one) == left.of(one))


def _told(
    found: TaskContent, declared: Datapoint | None, changed: Sequence[Facet]
) -> Iterator[tuple[Facet, str]]:
    if "items" in changed:
        yield "items", f"{_some(found.task.items)} there"
    if "labels" in changed:
        yield "labels", _labels_told(found.labels)
    if "settings" in changed and declared is not None:
        yield "settings", "; ".join(_settings_told(found, declared))


def _labels_told(text: str) -> str:
    try:
        labels = json.loads(text)
        names = Counter(one["category"][0][-1] for one in labels)
    except (ValueError, KeyError, IndexError, TypeError):
        return "labels that cannot be read"
    if not names:
        return "no labels there"
    return f"{_some([f'{count:,} {name}' for name, count in names.most_common()])} there"


def _settings_told(found: TaskContent, declared: Datapoint) -> Iterator[str]:
    task, (_, _, priority, metadata, series) = found.task, declared.settings
    if task.priority != priority:
        yield f"priority {task.priority} there, {priority} here"
    for key in sorted({*task.metadata, *metadata}):
        there, here = task.metadata.get(key), metadata.get(key)
        if there != here:
            yield f"metadata `{key}` {_value(there)} there, {_value(here)} here"
    if task.series != series:
        there, here = (", ".join(one.name or "-" for one in each) for each in (task.series, series))
        yield f"series {_value(there or None)} there, {_value(here or None)} here"


def _value(value: Any) -> str:
    return "absent" if value is None else f"`{value}`"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    shown = ", ".join(names[:_SHOWN])
    return f"{shown} and {more:,} more" if more > 0 else shown


def decisions_of(
    ours: Iterable[str], theirs: Iterable[str], redo: Iterable[str], otherwise: OnConflict
) -> Decisions:
    """Decisions from names and globs; a name that is both is the user's own."""
    return Decisions(_any_of(ours), _any_of(theirs), _any_of(redo), otherwise)


def _any_of(patterns: Iterable[str]) -> Callable[[str], bool]:
    every = frozenset(patterns)
    globs = [name_pattern(one) for one in every]
    return lambda name: name in every or any(matches(name) for matches in globs)
