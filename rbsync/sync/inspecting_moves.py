"""Looking at what a plan would move: people may have worked on it under its old name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from rbsync.applier.comparing import differing
from rbsync.applier.overwriting import left_in, worked_on
from rbsync.applier.present_extents import labels_left
from rbsync.backends.base import Backend, PutsAway, Renames, TaskContent, read_once
from rbsync.errors import BackendError
from rbsync.files.renaming import new_name_of, renaming
from rbsync.model.plan import Action, Blocked, Move, OnMove, Plan
from rbsync.model.record import Record
from rbsync.planner.compare import in_order
from rbsync.planner.moves import MoveSight, Moving, with_sights
from rbsync.reasons import AUTH, UNKNOWN
from rbsync.sync.inspecting import portions
from rbsync.sync.workspace import Workspace


def moving(workspace: Workspace, on_move: OnMove | None, covers: Callable[[str], bool]) -> Moving:
    """Returns what governs moves; where the backend can do none, all is created anew.

    ``on_move`` goes before the policy, and ``covers`` tells whether the plan is about a name.
    """
    renamings = [renaming(one.old, one.new) for one in workspace.manifest.moved]
    backend = workspace.backend
    in_place = isinstance(backend, Renames)
    can = in_place or isinstance(backend, PutsAway)
    chosen = on_move or workspace.manifest.settings.policy.on_move
    return Moving(
        chosen if can else "recreate",
        lambda name: new_name_of(name, renamings),
        in_place=in_place,
        covers=covers,
    )


def moves_inspected(
    backend: Backend,
    plan: Plan,
    records: Mapping[str, Record],
    is_ours: Callable[[str], bool],
) -> Plan:
    """The plan, once the tasks that it would move were looked at.

    One that was begun goes on, whatever was made of it since: what is saved comes along.
    """
    in_place = isinstance(backend, Renames)
    moves = [one for one in plan.moves if not _is_begun(one, records)]
    if not moves:
        return plan
    sights: dict[str, MoveSight | None] = {}
    for some in portions(moves, backend):
        try:
            found = backend.look([one.task_id for one in some])
        except BackendError as error:
            if error.kind == AUTH:
                raise
            return _unseen(plan, error)
        for one in some:
            sights[one.name] = sight_of(one, found.get(one.task_id), records.get(one.old))
    return with_sights(plan, sights, is_ours, in_place=in_place)


def _is_begun(action: Move, records: Mapping[str, Record]) -> bool:
    """Tells whether a run that was cut off has made the new task, or goes back from there."""
    new, old = records.get(action.name), records.get(action.old)
    return (new is not None and new.old_name == action.old) or (
        old is not None and old.old_name == action.name
    )


def sight_of(action: Move, found: TaskContent | None, record: Record | None) -> MoveSight | None:
    """Returns what a look at the task of an old name tells, None when it is gone."""
    if found is None:
        return None
    if found.task.name == action.name:
        return MoveSight(is_done=True)
    found = read_once(found)
    left = [action.applied, *left_in(record)]
    changed = differing(found, left)
    busy = worked_on(found, left)
    if not busy and "labels" in changed:
        busy = "people have worked on its labels"
    return MoveSight(busy, changed, labels_left=labels_left(found, action))


def _unseen(plan: Plan, error: BackendError) -> Plan:
    message = f"what the project has now could not be looked at: {error}"
    actions: list[Action] = [
        Blocked(one.name, UNKNOWN, message) if isinstance(one, Move) else one
        for one in plan.actions
    ]
    return replace(plan, actions=in_order(actions))
