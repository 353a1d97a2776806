"""One datapoint's action, with its reason: the table of what is desired and recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from rbsync.errors import Problem
from rbsync.model.datapoint import Datapoint, Obstacle
from rbsync.model.fingerprint import FACETS, NO_LABELS, Facet, Fingerprint
from rbsync.model.outcome import Failure
from rbsync.model.plan import (
    LACKING,
    Action,
    Blocked,
    Create,
    Delete,
    Keep,
    Policy,
    Replace,
    Update,
)
from rbsync.model.record import Record
from rbsync.reasons import (
    ACCEPTED,
    CHANGED,
    INVALID,
    NEW,
    NOT_UPDATABLE,
    ORPHAN,
    PROTECTED,
    REFUSED,
    RETRY,
    THEIRS,
    UNCHANGED,
    UNDONE,
    UNKNOWN,
    UNSETTLED,
    Reason,
)

NOTHING = Fingerprint("", "", "")
"""What a datapoint has that is not there."""

_REDO = "it stays so until what is declared changes, or pass --redo NAME"


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that govern a decision.

    ``updates`` are the facets that the backend can change in place. ``insist`` plans again also
    what the service refused, although its content did not change.
    """

    policy: Policy = field(default_factory=Policy)
    updates: frozenset[Facet] = frozenset(FACETS)
    insist: bool = False


def decide(
    desired: Datapoint, record: Record | None, rules: Rules, doubt: Problem | None = None
) -> Action | Keep:
    """Returns what is to be done about a desired datapoint.

    ``doubt`` is why it may have labels although none were found.
    """
    if record is None:
        return Create(desired, NEW, LACKING)
    # First of all: while the last result is not known, every other answer could do a thing twice.
    if record.pending is not None:
        return unsettled(record)
    if record.applied == desired.fingerprint and not half_changed(record):
        return Keep(desired.name, UNCHANGED, "the project has it as declared")
    held = held_facets(desired, record)
    # Before what was refused: what was taken back is not to be asked about again.
    if held:
        return _decide_held(desired, record, held, rules, doubt)
    if _waits(record, desired.fingerprint, rules):
        return _waiting(record)
    if record.applied is None:
        return _create_again(desired, record.failure)
    # A list that could not be read looks like one without labels, and an update would remove them
    # all.
    if doubt is not None and _loses_labels(desired.fingerprint, record.applied):
        why = f"{doubt._replace(hint='')}; {doubt.hint}"
        return Blocked(desired.name, UNKNOWN, f"whether it has labels is not known: {why}")
    return _change(desired, record, record.applied, rules)


def decide_orphan(record: Record, rules: Rules, *, unread: bool) -> Action | None:
    """Returns what is to be done about what the project has and the manifest does not declare.

    ``unread`` says that part of the manifest's sources could not be read: then nobody knows
    whether the datapoint is wanted. None: it is left alone.
    """
    if record.pending is not None:
        return unsettled(record)
    # A record that never came to anything has nothing at the project to be deleted.
    if record.applied is None or not rules.policy.prune:
        return None
    if any(one.fingerprint is None for one in record.declined):
        return undone_delete(record)
    # A source on a drive that is away must not make orphans of all that it declares.
    if unread:
        message = "a source could not be read to its end, so it may still be declared there"
        return Blocked(record.name, UNKNOWN, message)
    return Delete(record.name, record.task_id, ORPHAN, "the manifest does not declare it")


def undone_delete(record: Record) -> Blocked | None:
    """Returns what becomes of a record whose delete was declined; None: it is left alone."""
    if any(one.why == THEIRS and one.fingerprint is None for one in record.declined):
        return None
    # Someone put it back with `undo`; the manifest says nothing of that, and pruning would delete
    # it again.
    return Blocked(record.name, UNDONE, f"that it was deleted was taken back; {_REDO}")


def held_action(desired: Datapoint, record: Record) -> Blocked | Keep | None:
    """Returns what is said of a datapoint of which some facets are held, None where none is."""
    held = held_facets(desired, record)
    return _held(desired.name, held, record) if held else None


def decide_obstacle(obstacle: Obstacle) -> Blocked:
    """Returns the block of a datapoint that is declared and cannot be planned."""
    # In one line, as it stands among others.
    problem = obstacle.problem
    said = str(problem._replace(hint=""))
    return Blocked(
        obstacle.name, obstacle.reason, f"{said}; {problem.hint}" if problem.hint else said
    )


def held_facets(desired: Datapoint, record: Record) -> tuple[Facet, ...]:
    """The facets that differ from what the project has, and shall not be made what is declared."""
    applied = record.applied or NOTHING
    return tuple(
        facet
        for facet in desired.fingerprint.changed_since(applied)
        if any(one.declines(facet, desired.fingerprint) for one in record.declined)
    )


def _decide_held(
    desired: Datapoint,
    record: Record,
    held: tuple[Facet, ...],
    rules: Rules,
    doubt: Problem | None,
) -> Action | Keep:
    """Returns what is to be done about the other facets; what is held stays as it is, and stays
    held.
    """
    if record.applied is None:
        whole = held == desired.fingerprint.changed_since(NOTHING)
        if whole:
            return Blocked(desired.name, UNDONE, f"that it was created was taken back; {_REDO}")
        return _create_again(desired, record.failure)
    # Held facets count as what the project has, so that only the others differ.
    kept = {facet: getattr(record.applied, facet) for facet in held}
    left = desired._replace(fingerprint=desired.fingerprint._replace(**kept))
    if left.fingerprint == record.applied and not half_changed(record):
        return _held(desired.name, held, record)
    action = decide(left, record._replace(declined=()), rules, doubt)
    return replace(action, declined=record.declined) if isinstance(action, Update) else action


def _held(name: str, held: tuple[Facet, ...], record: Record) -> Blocked | Keep:
    what = ", ".join(held)
    if all(one.why == THEIRS for one in record.declined):
        return Keep(name, THEIRS, f"{what} stay as others made them until what is declared changes")
    return Blocked(name, UNDONE, f"{what} taken back; {_REDO}")


def unsettled(record: Record) -> Blocked:
    """Returns what becomes of a record whose last result is not known."""
    if record.is_accepted and record.failure is not None:
        return Blocked(record.name, ACCEPTED, record.failure.message)
    message = (
        "a run ended before its result was known, and the project cannot tell yet; apply "
        "waits until it can"
    )
    return Blocked(record.name, UNSETTLED, message)


def _waits(record: Record, desired: Fingerprint, rules: Rules) -> bool:
    """Tells whether the service refused this very content: asking again would change nothing."""
    failure = record.failure
    # Only what the service judged: after a network error the same content may well pass.
    refused = failure is not None and failure.kind == INVALID and record.attempted == desired
    return refused and not rules.insist


def _waiting(record: Record) -> Blocked:
    said = record.failure.message if record.failure else ""
    message = f"it was refused ({said}) and waits until its content changes"
    return Blocked(record.name, REFUSED, message)


def _create_again(desired: Datapoint, failure: Failure | None) -> Create:
    if failure is None:
        return Create(desired, NEW, LACKING)
    message = f"it failed before ({failure.kind}, {failure.phase}): {failure.message}"
    return Create(desired, RETRY, message)


def half_changed(record: Record) -> tuple[Facet, ...]:
    """The facets that a run may have changed that failed or was cut off in the middle.

    What is declared may be again what was there before: the project still has the other half.
    """
    if record.applied is None or record.attempted is None:
        return ()
    failure = record.failure
    # A file that could not be read or sent has changed nothing yet.
    if failure is not None and failure.phase != "update":
        return ()
    return record.attempted.changed_since(record.applied)


def _change(desired: Datapoint, record: Record, applied: Fingerprint, rules: Rules) -> Action:
    half = half_changed(record)
    differs = desired.fingerprint.changed_since(applied)
    changed = tuple(one for one in FACETS if one in differs or one in half)
    loses = _loses_labels(desired.fingerprint, applied)
    what = _what_changes(differs, loses) or half_told(half)
    reason: Reason = CHANGED if record.failure is None else RETRY
    match rules.policy.on_change:
        case "protect":
            return Blocked(desired.name, PROTECTED, f"{what}; the policy protects what exists")
        case "replace":
            message = f"{what}; created anew"
            return Replace(desired, changed, record.task_id, reason, message, labels_removed=loses)
        case "update":
            pass
        case never:
            assert_never(never)
    # All or nothing: half an update would leave content that was never declared.
    fixed = [facet for facet in changed if facet not in rules.updates]
    if fixed:
        message = f"{what}; the backend cannot change {', '.join(fixed)} in place"
        return Blocked(desired.name, NOT_UPDATABLE, message)
    return Update(desired, changed, record.task_id, reason, what, labels_removed=loses)


def half_told(half: Sequence[Facet]) -> str:
    """Half changed facets in words."""
    return f"{', '.join(half)} may be half changed by a run that did not end well"


def _what_changes(changed: Sequence[Facet], loses_labels: bool) -> str:
    """The facets in words; labels that go are no mere change."""
    other = [facet for facet in changed if not (loses_labels and facet == "labels")]
    parts = [f"changed: {', '.join(other)}"] if other else []
    return "; ".join([*parts, "labels removed"] if loses_labels else parts)


def _loses_labels(desired: Fingerprint, applied: Fingerprint) -> bool:
    """Tells whether there are labels now and shall be none; an empty list is none too."""
    return desired.labels in NO_LABELS and applied.labels not in NO_LABELS
