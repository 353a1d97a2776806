"""The whole plan: every name once, in the order in which things are to be done."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import assert_never

from rbsync.model.datapoint import Datapoint, Dataset
from rbsync.model.packed import Datapoints, FolderPoints, names_in_parts
from rbsync.model.packed_records import names_beside, recorded
from rbsync.model.plan import (
    Action,
    Actions,
    Basis,
    Blocked,
    Create,
    Delete,
    Keep,
    Move,
    Plan,
    Replace,
    Update,
)
from rbsync.model.record import Record
from rbsync.planner.decide import Rules, decide, decide_obstacle, decide_orphan


def plan(dataset: Dataset, records: Mapping[str, Record], rules: Rules, basis: Basis) -> Plan:
    """Compares what is desired with what is recorded.

    Depends on nothing else: equal arguments give equal plans, in whatever order the manifest
    and the records came.
    """
    whole, changes = _changes(dataset, records, rules)
    new = sum(map(len, whole))
    orphans = sorted(_undeclared(dataset, records, whole))
    actions, left = _orphan_actions((records[name] for name in orphans), rules, dataset)
    actions += changes
    actions += map(decide_obstacle, dataset.obstacles)
    return Plan(
        actions=with_folders(whole, in_order(actions)),
        unchanged=len(dataset.datapoints) - len(changes) - new,
        dataset=dataset.digest,
        datapoints=len(dataset.datapoints) + len(dataset.obstacles),
        basis=basis,
        orphans=tuple(one.name for one in left if one.applied is not None),
        # With a source unread nobody knows whether they are still declared.
        forgotten=() if dataset.unread else tuple(o.name for o in left if o.applied is None),
        unread=dataset.unread,
        warnings=dataset.warnings,
        recorded=recorded(records),
    )


def merged(plan: Plan, later: Plan, names: frozenset[str]) -> Plan:
    """A plan in which ``later`` says what becomes of the names, and the plan of all others."""
    # Of these names the earlier plan said only that nothing was known.
    whole, rest = parted(plan.actions, names)
    kept = [one for one in rest if one.name not in names]
    return replace(
        plan,
        actions=with_folders(whole, in_order((*kept, *later.actions))),
        unchanged=plan.unchanged + later.unchanged,
        orphans=tuple(sorted({*plan.orphans, *later.orphans})),
        forgotten=tuple(sorted({*plan.forgotten, *later.forgotten})),
        taken=(*plan.taken, *later.taken),
    )


def in_order(actions: Iterable[Action]) -> tuple[Action, ...]:
    """Actions in the order in which they are to be done."""
    return tuple(sorted(actions, key=_order))


def _undeclared(
    dataset: Dataset, records: Mapping[str, Record], new: Sequence[FolderPoints]
) -> set[str]:
    """The names of records that nobody declares; nothing is recorded of the ``new`` ones."""
    return names_beside(records, declared_names(dataset, frozenset(map(id, new))))


def declared_names(dataset: Dataset, left_out: Container[int] = ()) -> Iterator[Sequence[str]]:
    """Yields the names of a dataset, part by part and each part sorted; some of them by their id
    are left out.
    """
    yield from names_in_parts(dataset.datapoints, left_out)
    # What has a problem is declared all the same: it must not count as an orphan and be deleted.
    yield sorted(one.name for one in dataset.obstacles)


def _parts(datapoints: Sequence[Datapoint]) -> Iterator[Sequence[Datapoint] | FolderPoints]:
    if isinstance(datapoints, Datapoints):
        yield from datapoints.folders
        yield datapoints.singles
    else:
        yield datapoints


def parted(
    actions: Sequence[Action], names: Collection[str]
) -> tuple[list[FolderPoints], Sequence[Action]]:
    """The folders to be created that have none of some names, and all other actions."""
    return actions.parted(names) if isinstance(actions, Actions) else ([], actions)


def with_folders(folders: Sequence[FolderPoints], actions: Sequence[Action]) -> Sequence[Action]:
    """The actions, in their order, with those that create whole folders."""
    if not folders:
        return tuple(actions)
    creates = [one for one in actions if isinstance(one, Create)]
    return Actions(folders, creates, (one for one in actions if not isinstance(one, Create)))


def _changes(
    dataset: Dataset, records: Mapping[str, Record], rules: Rules
) -> tuple[list[FolderPoints], list[Action]]:
    """The folders of which nothing is recorded, and the actions of what else is desired.

    Without `Keep`, which most of a large dataset gets.
    """
    new: list[FolderPoints] = []
    actions: list[Action] = []
    for part in _parts(dataset.datapoints):
        if isinstance(part, FolderPoints) and _is_new(part, records):
            new.append(part)
        else:
            actions += _changes_of(part, dataset, records, rules)
    return new, actions


def _is_new(folder: FolderPoints, records: Mapping[str, Record]) -> bool:
    return not records or not any(name in records for name in folder.all_names())


def _changes_of(
    datapoints: Iterable[Datapoint], dataset: Dataset, records: Mapping[str, Record], rules: Rules
) -> Iterator[Action]:
    for desired in datapoints:
        record = records.get(desired.name)
        # Nearly every datapoint of a large dataset: nothing is made for it, not even an object that
        # says so.
        if record is not None and record.applied == desired.fingerprint and record.is_certain:
            continue
        doubt = dataset.doubts.get(desired.origin) if dataset.doubts else None
        action = decide(desired, record, rules, doubt)
        if not isinstance(action, Keep):
            yield action


def _orphan_actions(
    orphans: Iterable[Record], rules: Rules, dataset: Dataset
) -> tuple[list[Action], list[Record]]:
    """The actions of what is not declared, and the records that get none."""
    actions: list[Action] = []
    left: list[Record] = []
    for record in orphans:
        action = decide_orphan(record, rules, unread=bool(dataset.unread))
        if action is None:
            left.append(record)
        else:
            actions.append(action)
    return actions, left


def _order(action: Action) -> tuple[int, str]:
    """Creates, moves, updates, deletes, then what is blocked; within a kind by name."""
    match action:
        case Create():
            rank = 0
        case Move():
            rank = 1
        case Update() | Replace():
            rank = 2
        case Delete():
            rank = 3
        case Blocked():
            rank = 4
        case _:
            assert_never(action)
    return rank, action.name
