"""Conflicts: what a plan would overwrite, seen beside what others have made of it.

There are three versions of a facet: what is declared, what was last left at the project, and what
is there now. Overwriting is right only where the last two are equal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar, assert_never

from rbsync.model.datapoint import Datapoint
from rbsync.model.fingerprint import FACETS, Facet, Fingerprint
from rbsync.model.plan import (
    Action,
    Blocked,
    Create,
    Delete,
    Keep,
    Move,
    OnConflict,
    Overwriting,
    Plan,
    Replace,
    Sides,
    Update,
)
from rbsync.model.record import Declined, Record
from rbsync.planner.compare import in_order
from rbsync.planner.decide import held_action, undone_delete
from rbsync.reasons import CONFLICT, MISSING, THEIRS, WORKED_ON

GONE = "the project does not have it any more"
R = TypeVar("R", Update, Replace)
HINT = "--ours NAME overwrites it, --theirs NAME keeps it"


class Sight(NamedTuple):
    """The result of a look at a task, beside what a plan would make of it.

    ``changed`` are the facets that are not as they were left, ``same`` those that are as declared
    already. ``fingerprint`` is that of what is there, ``declined`` what its stamp says is not
    wanted. ``busy`` says what people are doing with it, or is empty. ``told`` describes facets as
    they are there, for people. ``labels_left`` says what is left of the labels there, when what is
    declared is fewer by a third or more.
    """

    changed: tuple[Facet, ...]
    same: tuple[Facet, ...]
    fingerprint: Fingerprint
    declined: tuple[Declined, ...] = ()
    busy: str = ""
    told: Mapping[Facet, str] = {}
    labels_left: str = ""


@dataclass(frozen=True, slots=True)
class Decisions:
    """The user's decisions: ``ours`` and ``theirs`` tell of a name, ``otherwise`` of the rest.

    ``redo`` tells of a name that what was declined of it, whoever did, is to be done.
    """

    ours: Callable[[str], bool] = lambda _: False
    theirs: Callable[[str], bool] = lambda _: False
    redo: Callable[[str], bool] = lambda _: False
    otherwise: OnConflict = "block"

    def of(self, name: str) -> OnConflict:
        """Returns what becomes of a conflict about a name."""
        if self.ours(name):
            return "ours"
        return "theirs" if self.theirs(name) else self.otherwise


def with_conflicts(
    plan: Plan,
    sights: Mapping[str, Sight | None],
    records: Mapping[str, Record],
    decisions: Decisions,
) -> Plan:
    """A plan that overwrites nothing that others made, unless that was decided.

    ``sights`` are what was found of the names that were looked at, None where there is nothing
    any more.
    """
    actions: list[Action] = []
    taken: list[Record] = []
    for action in plan.actions:
        if not isinstance(action, Overwriting) or action.name not in sights:
            actions.append(action)
            continue
        sight = sights[action.name]
        if sight is not None and decisions.redo(action.name):
            sight = sight._replace(declined=())
        found = _judged(action, sight, records[action.name], decisions)
        if isinstance(found, Record):
            taken.append(found)
            actions += _blocks_of(action, found)
        else:
            actions.append(found)
    blocked = {one.name for one in actions if isinstance(one, Blocked)}
    kept = sum(1 for one in taken if not _is_left(one) and one.name not in blocked)
    return replace(
        plan,
        actions=in_order(actions),
        taken=tuple(taken),
        unchanged=plan.unchanged + kept,
    )


def _blocks_of(action: Overwriting, record: Record) -> list[Action]:
    """The actions shown of a name whose action gave way to a record: that it was taken back."""
    if isinstance(action, Delete):
        held: Action | Keep | None = undone_delete(record)
    else:
        held = held_action(action.datapoint, record)
    return [held] if isinstance(held, Blocked) else []


def _is_left(record: Record) -> bool:
    """Tells whether it is not declared: what is left of a delete that was declined."""
    return any(one.fingerprint is None for one in record.declined)


def _judged(
    action: Overwriting, sight: Sight | None, record: Record, decisions: Decisions
) -> Action | Record:
    match action:
        case Update() if sight is None:
            return Create(action.datapoint, MISSING, GONE)
        case Replace() if sight is None:
            return Create(action.datapoint, MISSING, GONE)
        case Delete() if sight is None:
            return action
        case Update():
            return _of_update(action, _seen(sight), record, decisions)
        case Replace():
            return _of_replace(action, _seen(sight), record, decisions)
        case Delete():
            return _of_delete(action, _seen(sight), record, decisions)
        case _:
            assert_never(action)


def _seen(sight: Sight | None) -> Sight:
    assert sight is not None  # noqa: S101  (the cases before have taken that)
    return sight


def _of_update(
    action: Update, sight: Sight, record: Record, decisions: Decisions
) -> Action | Record:
    action, held = _holding(action, sight, record)
    others = _left_to_others(action, sight, record)
    done = [one for one in action.changed if one in sight.same or one in held or one in others]
    left = tuple(one for one in action.changed if one not in done)
    if not left:
        applied = _applied(record).merged(action.datapoint.fingerprint, done)
        return Record(action.name, applied, record.task_id, declined=action.declined)
    lost = tuple(one for one in left if one in sight.changed)
    worked = bool(sight.busy) or "labels" in sight.changed
    if not lost:
        return replace(_narrowed(action, left, sight), is_worked_on=worked)
    match decisions.of(action.name):
        case "ours":
            message = f"{action.message}; what others made of it is overwritten"
            made = _narrowed(replace(action, message=message), left, sight)
            return replace(made, is_worked_on=True, over=sight.fingerprint)
        case "theirs":
            rest = tuple(one for one in left if one not in lost)
            made = _theirs(action.datapoint, rest, lost, sight, record, action.declined)
            return _narrowed(replace(made, labels_removed=action.labels_removed), rest, sight)
        case "block":
            return _conflict(action, action.changed, lost, sight)
        case never:
            assert_never(never)


def _left_to_others(action: Update | Replace, sight: Sight, record: Record) -> tuple[Facet, ...]:
    """The facets that are declared as they were left, and that others have changed since.

    They are in the plan because a run may have left them half changed, and it has not.
    """
    news = action.datapoint.fingerprint.changed_since(_applied(record))
    changed = (one for one in sight.changed if one not in sight.same)
    return tuple(one for one in changed if one in action.changed and one not in news)


def _holding(action: R, sight: Sight, record: Record) -> tuple[R, tuple[Facet, ...]]:
    """The action, so that it leaves and remembers what other clients have declined; and that.

    What was preferred to ours counts as seen. What was taken back does not: people may have drawn
    since.
    """
    declared = action.datapoint.fingerprint
    news: list[Declined] = _news(sight, record)
    left = tuple(one for one in action.changed if one not in sight.same)
    theirs = _declined(left, [one for one in news if one.why == THEIRS], declared)
    held = _declined(left, news, declared)
    if not held:
        return action, ()
    present = _applied(record).merged(sight.fingerprint, theirs)
    datapoint = action.datapoint._replace(fingerprint=declared.merged(present, held))
    return replace(action, datapoint=datapoint, declined=(*action.declined, *news)), held


def _declined(
    facets: Sequence[Facet], declined: Sequence[Declined], declared: Fingerprint
) -> tuple[Facet, ...]:
    """The facets that are not wanted as they are declared."""
    return tuple(
        facet for facet in facets if any(one.declines(facet, declared) for one in declined)
    )


def _news(sight: Sight, record: Record) -> list[Declined]:
    """The parts that other clients have declined, as the stamp says.

    What this state's own record says is not asked again: it was looked at when it was planned.
    """
    return [one for one in sight.declined if one not in record.declined]


def _narrowed(action: Update, left: tuple[Facet, ...], sight: Sight) -> Update:
    removed = action.labels_removed and "labels" in left
    return with_fewer(replace(action, changed=left, labels_removed=removed), sight.labels_left)


Changing = TypeVar("Changing", bound=Update | Replace | Move)


def with_fewer(action: Changing, labels_left: str) -> Changing:
    """An action that says what is left of the labels, when it changes them."""
    if not labels_left or "labels" not in action.changed:
        return action
    message = f"{action.message}; fewer labels: {labels_left}"
    return replace(action, message=message, fewer_labels=labels_left)


def _of_replace(
    action: Replace, sight: Sight, record: Record, decisions: Decisions
) -> Action | Record:
    holding, held = _holding(action, sight, record)
    others = _left_to_others(action, sight, record)
    given = {*sight.same, *held, *others}
    lost = tuple(one for one in sight.changed if one not in given)
    if set(action.changed) <= given and not lost:
        applied = _applied(record).merged(holding.datapoint.fingerprint, action.changed)
        return Record(action.name, applied, record.task_id, declined=holding.declined)
    if not lost and not sight.busy:
        return with_fewer(action, sight.labels_left)
    match decisions.of(action.name):
        case "ours":
            return with_fewer(replace(action, over=sight.fingerprint), sight.labels_left)
        case "theirs":
            changed = action.changed
            return _theirs(action.datapoint, (), changed, sight, record, action.declined)
        case "block":
            return _blocked(action, action.changed, lost, sight)
        case never:
            assert_never(never)


def _of_delete(
    action: Delete, sight: Sight, record: Record, decisions: Decisions
) -> Action | Record:
    news = [one for one in _news(sight, record) if one.fingerprint is None]
    if news:
        return record._replace(declined=(*record.declined, *news))
    if not sight.changed and not sight.busy:
        return action
    match decisions.of(action.name):
        case "ours":
            return replace(action, over=sight.fingerprint)
        case "theirs":
            declined = (*record.declined, Declined(THEIRS, None))
            return record._replace(declined=declined)
        case "block":
            return _blocked(action, FACETS, sight.changed, sight)
        case never:
            assert_never(never)


def _applied(record: Record) -> Fingerprint:
    assert record.applied is not None  # noqa: S101  (what is overwritten was left there)
    return record.applied


def _theirs(
    datapoint: Datapoint,
    rest: tuple[Facet, ...],
    kept: tuple[Facet, ...],
    sight: Sight,
    record: Record,
    before: tuple[Declined, ...],
) -> Update:
    """Writes down, also at the project, that what is there stays."""
    declared = datapoint.fingerprint
    leaves = _applied(record).merged(declared, rest).merged(sight.fingerprint, kept)
    message = f"{', '.join(kept)} stay as others made them"
    if rest:
        message += f"; changed: {', '.join(rest)}"
    return Update(
        datapoint._replace(fingerprint=leaves),
        rest,
        record.task_id,
        THEIRS,
        message,
        declined=(*before, Declined(THEIRS, declared, kept)),
        is_worked_on=True,
    )


def _blocked(
    action: Overwriting, changed: tuple[Facet, ...], lost: tuple[Facet, ...], sight: Sight
) -> Blocked:
    if sight.busy:
        message = f"{sight.busy}; it would be taken away ({HINT})"
        return Blocked(action.name, WORKED_ON, message, _sides(changed, sight), action)
    return _conflict(action, changed, lost, sight)


def _conflict(
    action: Overwriting, changed: tuple[Facet, ...], lost: tuple[Facet, ...], sight: Sight
) -> Blocked:
    parts = [
        f"{facet} changed {'here and ' if facet in changed else ''}at the project"
        + (f" ({sight.told[facet]})" if facet in sight.told else "")
        for facet in lost
    ]
    message = f"{'; '.join(parts)}; {HINT}"
    return Blocked(action.name, CONFLICT, message, _sides(changed, sight), action)


def _sides(changed: tuple[Facet, ...], sight: Sight) -> tuple[Sides, ...]:
    return tuple(
        Sides(facet, facet in changed, facet in sight.changed)
        for facet in FACETS
        if facet in changed or facet in sight.changed
    )
