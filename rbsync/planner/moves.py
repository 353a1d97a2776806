"""Moves: what is gone under one name and new under another is one datapoint, by its content.

Without them a renamed folder would be deletes and creates, and what people drew would go with the
old names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from rbsync.model.datapoint import Datapoint, Dataset
from rbsync.model.fingerprint import NO_LABELS, Facet, Fingerprint
from rbsync.model.packed_records import names_beside, unusual
from rbsync.model.plan import LACKING, Action, Blocked, Create, Delete, Move, OnMove, Plan
from rbsync.model.record import UNKNOWN as ANYTHING
from rbsync.model.record import Declined, Record
from rbsync.planner.compare import declared_names, in_order
from rbsync.planner.conflicts import with_fewer
from rbsync.planner.decide import held_facets
from rbsync.reasons import KEPT, MOVED, NEW, UNDONE, UNKNOWN

NewName = Callable[[str], str]
"""Gives the declared new name of an old one, empty where none is declared."""

_CARRY = "--on-move carry gives it the new name"
_OURS = "--on-move carry --ours NAME carries it with what they made of it"
_CUT_OFF = "a run ended before the task of the old name was put away"
_RENAMED_BACK = "it was renamed back before its move came to an end"


@dataclass(frozen=True, slots=True)
class Moving:
    """The rules of moves. ``new_name`` tells of moves that the manifest declares.

    ``in_place`` says that the project can rename, so that nothing of a task is lost by it.
    ``covers`` tells of a name whether the plan is about it, and ``redo`` whether what was taken
    back of it is to be done.
    """

    on_move: OnMove = "auto"
    new_name: NewName = lambda _: ""
    in_place: bool = False
    covers: Callable[[str], bool] = lambda _: True
    redo: Callable[[str], bool] = lambda _: False


def with_moves(
    plan: Plan,
    dataset: Dataset,
    records: Mapping[str, Record],
    rules: Moving,
) -> Plan:
    """A plan in which creates of what the project has under another name are moves.

    ``dataset`` and ``records`` are whole, also when the plan is for a part of them.
    """
    # Without a record nothing is there under any other name.
    if not records:
        return plan
    resumed = [] if plan.unread else list(_resumed(dataset, records, rules.covers))
    pairs: dict[str, str] = {}
    if rules.on_move != "recreate" and (resumed or plan.creates):
        pairs = _old_names(dataset, records, rules, {one.old for one in resumed})
    if not resumed and not pairs:
        return plan
    created = {one.name: one for one in plan.creates}
    moves = [
        _decided(created[name], records[old], plan, rules)
        for name, old in pairs.items()
        # Also of a create that failed before: it is carried now, for the old name stays till then.
        if name in created
    ]
    return _with(plan, [*resumed, *moves], frozenset(pairs.values()))


def old_names(dataset: Dataset, records: Mapping[str, Record], rules: Moving) -> Mapping[str, str]:
    """The names that declared datapoints have at the project, where these are not the declared."""
    return {} if rules.on_move == "recreate" else _old_names(dataset, records, rules, set())


def _old_names(
    dataset: Dataset, records: Mapping[str, Record], rules: Moving, taken: set[str]
) -> dict[str, str]:
    left = names_beside(records, declared_names(dataset))
    # What is carried already goes on under its later name, which people see.
    taken = taken.union(one.old_name for one in unusual(records) if _is_there(one))
    gone = {name: records[name] for name in left - taken if _is_there(records[name])}
    # Of a burst of new files none is made an object for it: where nothing is gone nothing moved.
    if not gone:
        return {}
    # Pairs are found among all names: else `--target` with the new folder would not see that
    # the old one is gone, and would create it all again.
    new = [one for one in dataset.datapoints if _is_new(records.get(one.name))]
    return dict(_pairs(new, gone, rules.new_name))


def _with(plan: Plan, moves: list[Move | Blocked], old: frozenset[str]) -> Plan:
    """The plan with moves in place of what it says of their names; ``old`` stay till then."""
    new = {one.name for one in moves}
    left = old.union(one.old for one in moves if isinstance(one, Move))
    kept = [one for one in plan.actions if one.name not in new and not _deletes(one, left)]
    planned = {one.name for one in plan.actions}
    return replace(
        plan,
        actions=in_order((*kept, *moves)),
        orphans=tuple(one for one in plan.orphans if one not in left),
        # What was cut off has its new name already, and counted as done.
        unchanged=plan.unchanged - len(new - planned),
    )


def _deletes(action: Action, names: frozenset[str]) -> bool:
    return isinstance(action, Delete) and action.name in names


def _is_there(record: Record) -> bool:
    is_known = record.applied is not None and record.applied != ANYTHING and bool(record.task_id)
    return is_known and record.pending is None


def _is_held(record: Record) -> bool:
    """Tells whether it was taken back that it was deleted, or moved: it shall stay as it is."""
    return any(one.fingerprint is None for one in record.declined)


def _is_new(record: Record | None) -> bool:
    return record is None or (
        record.applied is None and record.pending is None and not record.declined
    )


def _resumed(
    dataset: Dataset, records: Mapping[str, Record], covers: Callable[[str], bool]
) -> Iterator[Move]:
    """The moves that were cut off once the new name was there, or those back from there."""
    begun = [one for one in unusual(records) if one.old_name]
    if not begun:
        return
    desired = {one.name: one for one in dataset.datapoints}
    for one in begun:
        old = records.get(one.old_name)
        name = one.name if one.name in desired else one.old_name
        if name not in desired or not covers(name):
            continue
        if name != one.name and _is_there(one):
            yield _finished(desired[name], one, one, _RENAMED_BACK)
        elif old and old.name not in desired and _is_there(old):
            yield _finished(desired[name], one, old, _CUT_OFF)


def _finished(desired: Datapoint, record: Record, old: Record, message: str) -> Move:
    applied = record.applied or desired.fingerprint
    changed = desired.fingerprint.changed_since(applied)
    # What is carried already was decided about then: to stop halfway would leave it twice.
    return Move(desired, old.name, old.task_id, applied, MOVED, message, changed, over=True)


def _pairs(
    new: Iterable[Datapoint], gone: Mapping[str, Record], new_name: NewName
) -> Iterator[tuple[str, str]]:
    """New names with the old ones that they are moved from, each old one once."""
    wanted = {one.name: one for one in new}
    left = dict(gone)
    for old in sorted(gone):
        name = new_name(old)
        if name in wanted:
            yield name, old
            del wanted[name], left[old]
    by_content: dict[str, list[str]] = defaultdict(list)
    for old in sorted(left):
        by_content[_items_of(left[old].applied)].append(old)
    for items, some in _grouped(wanted.values()).items():
        yield from _matched(some, by_content.get(items, []), left)


def _grouped(datapoints: Iterable[Datapoint]) -> dict[str, list[Datapoint]]:
    groups: dict[str, list[Datapoint]] = defaultdict(list)
    for one in datapoints:
        groups[one.fingerprint.items].append(one)
    return groups


def _matched(
    new: list[Datapoint], old: list[str], records: Mapping[str, Record]
) -> Iterator[tuple[str, str]]:
    """Pairs of names that have the same items, the likeliest first.

    Copies of one picture are told apart by the ends of their names, then by their labels.
    """
    if not old:
        return
    if len(new) == 1 and len(old) == 1:
        yield new[0].name, old[0]
        return
    likely = sorted(
        ((_unlikeness(one, records[name]), one.name, name) for one in new for name in old)
        if len(new) * len(old) <= _MOST_LOOKED_AT
        else ((0, one.name, name) for one, name in zip(new, old, strict=False))
    )
    done: set[str] = set()
    used: set[str] = set()
    for _, name, was in likely:
        if name not in done and was not in used:
            done.add(name)
            used.add(was)
            yield name, was


_MOST_LOOKED_AT = 1_000_000


def _unlikeness(new: Datapoint, old: Record) -> int:
    ends = zip(reversed(new.name.split("/")), reversed(old.name.split("/")), strict=False)
    same = 0
    for mine, theirs in ends:
        if mine != theirs:
            break
        same += 1
    other = old.applied is not None and old.applied.labels != new.fingerprint.labels
    return (int(other) if same else 2 + int(other)) - same


def _items_of(applied: Fingerprint | None) -> str:
    return applied.items if applied else ""


class MoveSight(NamedTuple):
    """The result of a look at the task of an old name.

    ``worked`` says what people have done or are doing with it, or is empty; ``changed`` are the
    facets that are not as they were left. ``is_done`` says that the task has the new name.
    ``labels_left`` is as in `conflicts.Sight`.
    """

    worked: str = ""
    changed: tuple[Facet, ...] = ()
    is_done: bool = False
    labels_left: str = ""


def with_sights(
    plan: Plan,
    sights: Mapping[str, MoveSight | None],
    is_ours: Callable[[str], bool],
    *,
    in_place: bool,
) -> Plan:
    """A plan that moves nothing away from people who have worked on it, unless that was decided.

    ``sights`` are by the new names, None where the old task is gone.
    """
    actions: list[Action] = []
    taken: list[Record] = []
    forgotten: list[str] = []
    for action in plan.actions:
        if not isinstance(action, Move) or action.name not in sights:
            actions.append(action)
            continue
        sight = sights[action.name]
        if sight is None:
            # Another clone has moved it: its new task is recognised when it is to be created.
            actions.append(Create(action.datapoint, NEW, LACKING))
        elif sight.is_done and not action.changed:
            taken.append(Record(action.name, action.applied, action.task_id))
        else:
            actions.append(_seen(action, sight, is_ours, in_place=in_place))
        if sight is None or (sight.is_done and not action.changed):
            forgotten.append(action.old)
    return replace(
        plan,
        actions=in_order(actions),
        taken=(*plan.taken, *taken),
        forgotten=tuple(sorted({*plan.forgotten, *forgotten})),
        unchanged=plan.unchanged + len(taken),
    )


def _seen(
    action: Move, sight: MoveSight, is_ours: Callable[[str], bool], *, in_place: bool
) -> Move | Blocked:
    decided = action.over or is_ours(action.name) or is_ours(action.old)
    if sight.worked and not decided and not in_place:
        return kept(action.name, action.old, sight.worked, _OURS)
    # What others made of it goes along. What is declared otherwise too is a conflict, which the
    # next plan tells by the new name.
    left = tuple(one for one in action.changed if one not in sight.changed)
    message = action.message if in_place else f"{action.message}; {_loss(sight)}"
    # Decided also for what people save between this look and the move.
    made = replace(action, changed=left, message=message, over=decided)
    return with_fewer(made, sight.labels_left)


def _loss(sight: MoveSight) -> str:
    """Says what a task loses that is made anew under its new name."""
    if sight.worked:
        return f"a new task, which loses its id, stage and assignee ({sight.worked})"
    return "a new task, with another id"


def _decided(action: Create, old: Record, plan: Plan, rules: Moving) -> Move | Blocked:
    desired = action.datapoint
    if plan.unread:
        message = f"a source could not be read to its end, so `{old.name}` may still be declared"
        return Blocked(desired.name, UNKNOWN, f"it may be moved from `{old.name}`: {message}")
    if rules.on_move == "keep":
        return kept(desired.name, old.name, "it is not to be moved", _CARRY)
    applied = old.applied or desired.fingerprint
    if _is_held(old) and not rules.redo(desired.name):
        message = f"that it was moved from `{old.name}` was taken back; --redo NAME does it again"
        return Blocked(desired.name, UNDONE, message)
    desired, declined = _without_held(desired, old, applied, rules)
    changed = desired.fingerprint.changed_since(applied)
    same = "declared as moved" if "items" in changed else "the same items"
    message = "; ".join([same, *_also(changed, desired.fingerprint, applied)])
    return Move(desired, old.name, old.task_id, applied, MOVED, message, changed, declined=declined)


def _without_held(
    desired: Datapoint, old: Record, applied: Fingerprint, rules: Moving
) -> tuple[Datapoint, tuple[Declined, ...]]:
    """The datapoint, with what is there for what is not wanted of it; that goes along.

    Else labels of people that were preferred to the declared ones would be lost by a new name.
    """
    held = () if rules.redo(desired.name) else held_facets(desired, old)
    kept = {facet: applied.of(facet) for facet in held}
    left = desired._replace(fingerprint=desired.fingerprint._replace(**kept))
    return left, old.declined if held else ()


def _also(changed: tuple[Facet, ...], new: Fingerprint, old: Fingerprint) -> Iterator[str]:
    if changed:
        yield f"changed: {', '.join(changed)}"
    if new.labels in NO_LABELS and old.labels not in NO_LABELS:
        yield "labels removed"


def kept(name: str, old: str, why: str, step: str) -> Blocked:
    """Says of a declared name that the project has it under another one, and that it stays so."""
    return Blocked(name, KEPT, f"kept as {old}: {why}; {step}")
