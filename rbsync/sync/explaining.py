"""Explain: why a datapoint has its action."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rbsync.applier.attempts import attempts_in
from rbsync.documents.label_changes import label_changes_json
from rbsync.documents.report_document import failure_json
from rbsync.errors import BackendError, UserError
from rbsync.label_changes.change_kinds import LabelChanges
from rbsync.label_changes.change_wording import told
from rbsync.model.by_name import ByName
from rbsync.model.datapoint import Datapoint, Dataset, Obstacle
from rbsync.model.fingerprint import FACETS
from rbsync.model.packed import names_in_parts
from rbsync.model.plan import Action, Blocked, Keep, Overwriting, Plan
from rbsync.model.record import Record
from rbsync.planner.decide import decide, decide_obstacle, decide_orphan
from rbsync.reasons import ORPHAN, THEIRS, UNCHANGED
from rbsync.reasons import UNKNOWN as NOT_KNOWN
from rbsync.stores.record_pages import each_record, some_records
from rbsync.sync.declared_dataset import expand
from rbsync.sync.inspecting import inspected
from rbsync.sync.label_news import labels_of_action
from rbsync.sync.plan_making import decisions_by, rules_of
from rbsync.sync.plan_options import PlanOptions
from rbsync.sync.planning import basis_of
from rbsync.sync.workspace import Workspace


@dataclass(frozen=True)
class Explanation:
    """The desired and the recorded of one name, and the action that follows, if either is there.

    ``names`` are all names where there is no action, for a guess at what was meant. ``labels`` is
    in what the declared labels differ from those of the project, where that can be told.
    """

    name: str
    desired: Datapoint | None
    record: Record | None
    action: Action | Keep | None
    names: tuple[str, ...]
    labels: LabelChanges | None = None

    def lines(self) -> Iterator[str]:
        """The explanation for people."""
        if self.action is not None:
            kind = type(self.action).__name__.lower()
            yield f"{self.name}: {kind} ({self.action.reason}): {self.action.message}"
        if self.desired is not None:
            yield f"  declared at {self.desired.origin}"
            for item in self.desired.items:
                yield f"    item {item.ref}"
        if self.record is not None and self.record.task_id:
            yield f"  task {self.record.task_id}"
        for facet, declared, applied in self._facets():
            mark = "equal" if declared == applied else "differs"
            yield f"  {facet:8} {mark:8} declared {declared or '-'}  applied {applied or '-'}"
            if facet == "labels" and self.labels:
                yield f"    {told(self.labels)}"
        if self.record is not None and self.record.failure is not None:
            failure = self.record.failure
            yield f"  last failure: {failure.kind}, {failure.phase}: {failure.message}"

    def as_json(self) -> dict[str, Any]:
        """The explanation for programs."""
        action = self.action
        failure = self.record.failure if self.record else None
        return {
            "name": self.name,
            "action": type(action).__name__.lower() if action else None,
            "reason": action.reason if action else None,
            "message": action.message if action else None,
            "origin": str(self.desired.origin) if self.desired else None,
            "task_id": self.record.task_id if self.record else None,
            "facets": {
                facet: {"declared": declared, "applied": applied, "equal": declared == applied}
                for facet, declared, applied in self._facets()
            },
            "failure": failure_json(failure),
            **({"label_changes": label_changes_json(self.labels)} if self.labels else {}),
        }

    def _facets(self) -> Iterator[tuple[str, str | None, str | None]]:
        declared = self.desired.fingerprint if self.desired else (None,) * len(FACETS)
        applied = (self.record.applied if self.record else None) or (None,) * len(FACETS)
        yield from zip(FACETS, declared, applied, strict=True)


def explain(workspace: Workspace, name: str) -> Explanation:
    """Explains one name. What is wrong with other datapoints does not matter here."""
    dataset = expand(workspace, keep_going=True)
    record = workspace.settling.look(some_records(workspace.store, [name])).get(name)
    desired = ByName(dataset.datapoints).some([name]).get(name)
    obstacle = next((one for one in dataset.obstacles if one.name == name), None)
    rules = rules_of(workspace, PlanOptions())
    action: Action | Keep | None = None
    if desired is not None:
        action = decide(desired, record, rules, dataset.doubts.get(desired.origin))
    elif isinstance(obstacle, Obstacle):
        action = decide_obstacle(obstacle)
    elif record is not None:
        left = Keep(name, ORPHAN, "the manifest does not declare it, and --prune is not given")
        action = decide_orphan(record, rules, unread=bool(dataset.unread)) or left
    names = () if action is not None else tuple(_every_name(workspace, dataset))
    if isinstance(action, Overwriting) and record is not None:
        action = _looked_at(workspace, action, record)
    changes = labels_of_action(workspace, action) if isinstance(action, Action) else None
    return Explanation(name, desired, record, action, names, changes)


def _every_name(workspace: Workspace, dataset: Dataset) -> Iterator[str]:
    """Yields all names; they are read where none is the one that was meant."""
    for names in names_in_parts(dataset.datapoints):
        yield from names
    yield from (one.name for one in each_record(workspace.store))


def _looked_at(workspace: Workspace, action: Overwriting, record: Record) -> Action | Keep:
    """The action as a plan has it once the project was looked at; as it is where nobody answers.

    A plan would block it, since nothing may be sent; here the record is something to tell too.
    """
    settings = workspace.manifest.settings
    # A stranger's manifest has nobody asked.
    if workspace.manifest.trust.untrusted:
        return action
    decisions = decisions_by(PlanOptions(), settings.policy.on_conflict)
    plan = Plan((action,), 0, "", 0, basis_of(workspace, workspace.store.header()))
    attempts = attempts_in(workspace.history)
    try:
        seen = inspected(
            workspace.backend,
            plan,
            {action.name: record},
            decisions,
            settings.hash,
            attempts=attempts,
        )
    except (BackendError, UserError):
        return action
    if any(one.declined for one in seen.taken) and not seen.actions:
        return Keep(action.name, THEIRS, "it stays as others made it; that was decided elsewhere")
    if not seen.actions:
        return Keep(action.name, UNCHANGED, "the project has it as declared; others did the same")
    (found,) = seen.actions
    is_unseen = isinstance(found, Blocked) and found.reason == NOT_KNOWN
    return action if is_unseen else found
