"""The project as it is, laid over the records for one plan; nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from rbsync import reasons
from rbsync.applier.comparing import differing
from rbsync.applier.recovery import CONFLICT
from rbsync.backends.base import Backend, Task, TaskContent
from rbsync.model.datapoint import Dataset
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.plan import Action, Blocked, Create, Move, Plan, changes_labels
from rbsync.model.record import UNKNOWN, Record
from rbsync.sync.gaps import Gaps
from rbsync.sync.listed import as_listed, is_sibling, known_fingerprints

GONE = "the project does not have it any more"
STEP = "`rbsync adopt --force NAME` lets the next apply overwrite it"
PULL = "`rbsync pull` brings labels into the files, "
SIBLING = (
    "the task that was recorded is gone, and what another task of the datapoint has are labels of "
    "other people; `rbsync refresh` records that one in its place"
)


@dataclass(frozen=True)
class Overlay:
    """``records`` are as the project lists them. ``missing`` are names whose task is gone.

    ``conflicts`` says by name why a task must not be touched. Of ``siblings`` the recorded task is
    gone: another one of the datapoint stands in for it, but for its labels.
    """

    records: Mapping[str, Record]
    missing: frozenset[str]
    conflicts: Mapping[str, str]
    siblings: frozenset[str] = frozenset()

    def told(self, plan: Plan, declared: frozenset[str]) -> Plan:
        """A plan that was made from these records, with what was found beside them.

        ``declared`` are the datapoints that were planned.
        """
        actions = [one for one in map(self._told_of, plan.actions) if not self._stops(one)]
        planned = {one.name for one in plan.actions}
        stopped = {one.name for one in plan.actions if self._stops(one)}
        kept = {name for name in self.conflicts if name in declared - planned}
        blocked = [Blocked(name, reasons.CONFLICT, self.conflicts[name]) for name in stopped | kept]
        blocked += [one for one in actions if isinstance(one, Blocked)]
        others = [one for one in actions if not isinstance(one, Blocked)]
        return replace(
            plan,
            actions=(*others, *sorted(blocked, key=lambda one: one.name)),
            unchanged=plan.unchanged - len(kept),
        )

    def _stops(self, action: Action) -> bool:
        """Tells whether an action is one that others' work blocks.

        An action that would overwrite is looked at by itself, and the user may decide about it.
        """
        return action.name in self.conflicts and isinstance(action, Create | Move)

    def _told_of(self, action: Action) -> Action:
        known = action.old if isinstance(action, Move) else action.name
        if known in self.siblings and changes_labels(action):
            return Blocked(action.name, reasons.CONFLICT, SIBLING)
        if isinstance(action, Create) and action.name in self.missing:
            return Create(action.datapoint, reasons.MISSING, GONE)
        return action


def overlay(
    backend: Backend,
    records: Mapping[str, Record],
    dataset: Dataset,
    note: Callable[[str], None],
    lineage: str = "",
) -> Overlay:
    """Reads the whole project. Raises BackendError when it cannot be read to its end.

    ``note`` is told of what of it cannot be read, ``lineage`` is that of the state.
    """
    wanted = {one.name: one.fingerprint for one in dataset.datapoints}
    tasks: dict[str, Task] = {}
    conflicts: dict[str, str] = {}
    gaps = Gaps(note)
    for found in gaps.passing(backend.read()):
        name = found.task.name
        tasks[name] = found.task
        why = _conflict(found, records.get(name), wanted.get(name))
        if why:
            conflicts[name] = why
    unknown = gaps.unknown(records)
    held = [name for name, one in records.items() if one.applied is not None]
    missing = frozenset(name for name in held if name not in tasks and name not in unknown)
    siblings = frozenset(
        name for name in held if name in tasks and is_sibling(records[name], tasks[name], lineage)
    )
    return Overlay(as_listed(records, tasks, unknown), missing, conflicts, siblings)


def _conflict(found: TaskContent, record: Record | None, wanted: Fingerprint | None) -> str:
    """Returns why a task must not be touched.

    Empty when it is as it was left, or as it shall be.
    """
    task = found.task
    same = record is not None and record.applied is not None and task.has_id(record.task_id)
    # What is pending is blocked by the plan itself, with a better reason.
    if record is not None and (record.pending or (same and record.applied == UNKNOWN)):
        return ""
    if task.stamp is None and not same:
        return f"{CONFLICT}; {STEP}"
    known = known_fingerprints(record) if record else []
    # Without a record the stamp tells how rbsync left it, perhaps from another machine.
    facets = differing(found, known or [task.stamp or UNKNOWN])
    # Somebody made the very change that is wanted: nothing is overwritten by it.
    if not facets or (wanted is not None and not differing(found, [wanted])):
        return ""
    pull = PULL if "labels" in facets else ""
    return f"{', '.join(facets)} changed at the project; {pull}{STEP}"
