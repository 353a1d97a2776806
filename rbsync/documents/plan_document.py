"""A plan as a document: written by `plan -o` and `plan --json`, read again by `apply PLAN`.

What writes an action and what reads it stand side by side: a member that one of them lacks would be
lost between a plan and its apply.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Literal, assert_never

from pydantic import Field, ValidationError

from rbsync.documents import FORMAT_VERSION
from rbsync.documents.label_changes import LabelChangesPart, label_changes_json
from rbsync.documents.parts import (
    DeclinedPart,
    Document,
    FingerprintPart,
    ItemPart,
    LabelsPart,
    ProblemPart,
    SettingsPart,
    datapoint_json,
    declined_json,
    place_of,
    problem_json,
)
from rbsync.errors import Location, Problem, UserError
from rbsync.label_changes.change_kinds import LabelChanges
from rbsync.model.datapoint import Datapoint
from rbsync.model.fingerprint import Facet, Fingerprint
from rbsync.model.plan import (
    Action,
    Basis,
    Blocked,
    Create,
    Delete,
    Move,
    Overwriting,
    Plan,
    ProjectChange,
    Replace,
    Sides,
    Update,
)
from rbsync.model.record import Declined, Record
from rbsync.reasons import Reason
from rbsync.shapes.models import Part, first_error


class SidesPart(Part):
    """Who changed a facet since it was last left."""

    facet: Facet
    declared: bool = Field(description="What is declared is another one.")
    present: bool = Field(description="What the project has is another one.")

    def value(self) -> Sides:
        return Sides(self.facet, self.declared, self.present)


class TakenPart(Part):
    """A record to be written without anything being sent: others did the same already."""

    name: str
    task_id: str
    applied: FingerprintPart
    declined: list[DeclinedPart] = Field(default=[])

    def value(self) -> Record:
        declined = tuple(one.value() for one in self.declined)
        return Record(self.name, self.applied.value(), self.task_id, declined=declined)


class ActionPart(Part):
    """One action. Those that create or change have all that is needed to do so."""

    action: Literal["create", "move", "update", "replace", "delete", "blocked"]
    name: str
    reason: Reason = Field(description="A stable word that says why.", examples=["new"])
    message: str = Field(description="The same as a sentence.")
    changed: list[Facet] = Field(default=[], description="The facets that an update changes.")
    labels_removed: bool = Field(
        False, description="The datapoint has labels at the project and shall have none."
    )
    fewer_labels: str = Field(
        "", description="What is left of its labels, when a third or more goes; else empty."
    )
    task_id: str = Field("", description="The task at the project, when there is one.")
    items: list[ItemPart] = Field(default=[])
    series: list[int] = Field(
        default=[], description="How many of the items are of each series; empty where one has all."
    )
    bytes: int = Field(0, ge=0, description="The size of the local items.")
    labels: LabelsPart | None = None
    settings: SettingsPart | None = None
    fingerprint: FingerprintPart | None = None
    origin: str = Field("", description="Where it is declared, as file:line:column.")
    over: FingerprintPart | None = Field(
        None, description="What others made of it, which the user decided to overwrite."
    )
    is_worked_on: bool = Field(False, description="People have worked on what an update changes.")
    sides: list[SidesPart] = Field(
        default=[], description="Who changed what of a conflict, facet by facet."
    )
    declined: list[DeclinedPart] = Field(
        default=[], description="What the record is to say that is declared and not wanted."
    )
    old: str = Field("", description="The name that a move takes it from.")
    applied: FingerprintPart | None = Field(
        None, description="What was left under the old name of a move."
    )
    ours: bool = Field(False, description="A move carries also what people have worked on.")
    label_changes: LabelChangesPart | None = Field(
        None, description="With `-v`: in what the labels differ from those of the project."
    )

    def value(self) -> Action:
        match self.action:
            case "create":
                return Create(self._datapoint(), self.reason, self.message, self._declined())
            case "move":
                return self._move()
            case "update" | "replace":
                kind = Update if self.action == "update" else Replace
                said = (self.task_id, self.reason, self.message)
                changed, declined = tuple(self.changed), self._declined()
                made = kind(
                    self._datapoint(),
                    changed,
                    *said,
                    self._over(),
                    declined,
                    labels_removed=self.labels_removed,
                    fewer_labels=self.fewer_labels,
                )
                if isinstance(made, Update) and self.is_worked_on:
                    return replace(made, is_worked_on=True)
                return made
            case "delete":
                said = (self.task_id, self.reason, self.message)
                return Delete(self.name, *said, self._over(), self._declined())
            case "blocked":
                sides = tuple(one.value() for one in self.sides)
                return Blocked(self.name, self.reason, self.message, sides)
            case _:
                assert_never(self.action)

    def _move(self) -> Move:
        # A file that somebody edited by hand may lack it. Without what was left under the old
        # name, apply could not tell a colleague's work from ours.
        if self.applied is None or not self.old:
            raise ValueError(f"the move to `{self.name}` does not say from where")
        said = (self.task_id, self.applied.value(), self.reason, self.message)
        changed = tuple(self.changed)
        made = Move(self._datapoint(), self.old, *said, changed, self.ours, self._declined())
        return replace(made, fewer_labels=self.fewer_labels)

    def _over(self) -> Fingerprint | None:
        return self.over.value() if self.over else None

    def _declined(self) -> tuple[Declined, ...]:
        return tuple(one.value() for one in self.declined)

    def _datapoint(self) -> Datapoint:
        # The model allows all of them to be absent, since deletes have none. A create without
        # items would only be refused by the service, after others were sent.
        if self.settings is None or self.fingerprint is None or not self.items:
            raise ValueError(f"the action for `{self.name}` lacks its datapoint")
        return Datapoint(
            self.name,
            tuple(item.value() for item in self.items),
            self.labels.value() if self.labels else None,
            self.settings.value(),
            self.fingerprint.value(),
            place_of(self.origin),
            tuple(self.series),
        )


class ProjectChangePart(Part):
    """A part of the project itself that is another one than is declared."""

    what: Literal["project", "name", "category", "stages", "member"]
    declared: str = Field(description="What the manifest says; of stages all, in order.")
    present: str = Field("", description="What the project has; empty where it lacks it.")
    is_added: bool = Field(False, description="`apply --project` adds or makes it.")

    def value(self) -> ProjectChange:
        return ProjectChange(self.what, self.declared, self.present, self.is_added)


class DatasetPart(Part):
    """The desired datapoints: their version and their number."""

    digest: str
    datapoints: int
    empty: bool = Field(False, description="The manifest declares no datapoint at all.")


class BasisPart(Part):
    """The basis of a plan; all of it must still hold when the plan is applied."""

    lineage: str = Field(description="The state's identity; empty when there was none.")
    serial: int
    manifest: str = Field(description="Content identity of the manifest and its variables.")
    target: str = Field(description="The project's identity; empty when there was none.")
    left: str = Field(
        "", description="The version of what was left at the project under the actions' names."
    )


class SummaryPart(Part):
    """The counts."""

    create: int
    update: int
    delete: int
    blocked: int
    keep: int
    bytes: int
    labels_removed: int = Field(0, description="How many updates take away all labels.")
    move: int = 0
    fewer_labels: int = Field(0, description="How many updates take away a third of the labels.")


class PlanDocument(Document):
    """A plan of rbsync."""

    dataset: DatasetPart
    basis: BasisPart
    actions: list[ActionPart]
    summary: SummaryPart
    orphans: list[str] = Field(
        default=[], description="Names that the project has and the manifest does not declare."
    )
    forgotten: list[str] = Field(
        default=[], description="Names of failures that nobody declares any more."
    )
    recorded: int = 0
    taken: list[TakenPart] = Field(
        default=[], description="What others did already, or what stays as they made it."
    )
    looked: bool = Field(True, description="What would be overwritten was looked at.")
    problems: list[ProblemPart] = Field(
        default=[], description="Sources that could not be read to their end."
    )
    warnings: list[ProblemPart] = Field(default=[])
    project: list[ProjectChangePart] = Field(
        default=[], description="In what the project itself is another one than is declared."
    )
    guard: ProblemPart | None = Field(
        None, description="Why the guard will refuse the plan unless --force is given."
    )
    apply_exit_code: int = Field(
        0, description="What `apply` will end with when all that it sends succeeds."
    )
    digest: str = Field(
        "", description="That of what it would do, for `apply --expect`; the same in every clone."
    )
    version: str = Field(
        "", description="The version of the dataset, where `rbsync.lock/` is known to be current."
    )
    meta: dict[str, Any] = Field(
        default={}, description="When and by what it was made; not part of the plan."
    )


def plan_json(
    plan: Plan,
    meta: Mapping[str, Any],
    labels: Mapping[str, LabelChanges] = MappingProxyType({}),
    *,
    digest: str = "",
    version: str = "",
) -> dict[str, Any]:
    """A plan as a `PlanDocument`; equal plans give equal documents but for ``meta``.

    ``labels`` says what changes in labels, by name. ``digest`` is that of what it would do,
    ``version`` that of the locked dataset; either may be empty.
    """
    basis = plan.basis
    return {
        "format_version": FORMAT_VERSION,
        # Members that came later stand only where they say something: a plan without them is, to
        # the byte, the one that earlier versions wrote and still read.
        "dataset": {
            "digest": plan.dataset,
            "datapoints": plan.datapoints,
            **({"empty": True} if plan.empty else {}),
        },
        "basis": {
            "lineage": basis.lineage,
            "serial": basis.serial,
            "manifest": basis.manifest,
            "target": basis.target,
            "left": basis.left,
        },
        "actions": [
            {**action_json(one), **_label_changes(labels.get(one.name))} for one in plan.actions
        ],
        "summary": plan.summary._asdict(),
        "orphans": list(plan.orphans),
        "forgotten": list(plan.forgotten),
        "recorded": plan.recorded,
        **({"taken": list(map(_taken, plan.taken))} if plan.taken else {}),
        **({} if plan.looked else {"looked": False}),
        "problems": [problem_json(one) for one in plan.unread],
        "warnings": [problem_json(one) for one in plan.warnings],
        **({"project": [one._asdict() for one in plan.project]} if plan.project else {}),
        "guard": problem_json(plan.refused) if plan.refused else None,
        "apply_exit_code": int(plan.apply_exit_code),
        **({"digest": digest} if digest else {}),
        **({"version": version} if version else {}),
        "meta": dict(meta),
    }


def _label_changes(changes: LabelChanges | None) -> dict[str, Any]:
    return {"label_changes": label_changes_json(changes)} if changes else {}


def action_json(action: Action) -> dict[str, Any]:
    """An action as an `ActionPart`."""
    kind = type(action).__name__.lower()
    own = {"action": kind, "name": action.name, "reason": action.reason, "message": action.message}
    match action:
        case Create(datapoint=datapoint):
            return {**own, **datapoint_json(datapoint), **_declined(action.declined)}
        case Move():
            moved = {
                "old": action.old,
                "task_id": action.task_id,
                "changed": list(action.changed),
                "labels_removed": action.labels_removed,
                "applied": action.applied._asdict(),
                **({"ours": True} if action.over else {}),
                **_fewer(action),
            }
            return {
                **own,
                **moved,
                **datapoint_json(action.datapoint),
                **_declined(action.declined),
            }
        case Update() | Replace():
            changed = {
                "changed": list(action.changed),
                "labels_removed": action.labels_removed,
                "task_id": action.task_id,
            }
            more = {**_declined(action.declined), **_over(action), **_fewer(action)}
            return {**own, **changed, **datapoint_json(action.datapoint), **more}
        case Delete(task_id=task_id):
            more = {**_declined(action.declined), **_over(action)}
            return {**own, "task_id": task_id, **more}
        case Blocked(sides=sides):
            return {**own, "sides": [one._asdict() for one in sides]} if sides else own
        case _:
            assert_never(action)


def _fewer(action: Update | Replace | Move) -> dict[str, Any]:
    return {"fewer_labels": action.fewer_labels} if action.fewer_labels else {}


def _over(action: Overwriting) -> dict[str, Any]:
    worked = isinstance(action, Update) and action.is_worked_on
    return {
        **({"over": action.over._asdict()} if action.over else {}),
        **({"is_worked_on": True} if worked else {}),
    }


def _taken(record: Record) -> dict[str, Any]:
    # A record that is taken has something applied; the model of records allows it to be absent.
    applied = record.applied or Fingerprint("", "", "")
    own = {"name": record.name, "task_id": record.task_id, "applied": applied._asdict()}
    return {**own, **_declined(record.declined)}


def _declined(declined: Sequence[Declined]) -> dict[str, Any]:
    return {"declined": list(map(declined_json, declined))} if declined else {}


def read_plan(data: bytes, file: str) -> Plan:
    """A plan from its document. Raises UserError when it is none, or of a newer version."""
    try:
        document = PlanDocument.model_validate_json(data)
        actions = tuple(one.value() for one in document.actions)
    except (ValidationError, ValueError) as error:
        raise UserError([Problem("plan-file", _why(error), Location(file), _HINT)]) from error
    return Plan(
        actions=actions,
        unchanged=document.summary.keep,
        dataset=document.dataset.digest,
        datapoints=document.dataset.datapoints,
        basis=Basis(**document.basis.model_dump()),
        orphans=tuple(document.orphans),
        forgotten=tuple(document.forgotten),
        unread=tuple(one.value() for one in document.problems),
        warnings=tuple(one.value() for one in document.warnings),
        recorded=document.recorded,
        taken=tuple(one.value() for one in document.taken),
        looked=document.looked,
        empty=document.dataset.empty,
        refused=document.guard.value() if document.guard else None,
        project=tuple(one.value() for one in document.project),
    )


_HINT = "write it anew with `rbsync plan -o FILE`"


def _why(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return f"this is no plan: {error}"
    first = error.errors()[0]
    if first["loc"] == ("format_version",) and first["type"] != "missing":
        return f"this plan is of another version than {FORMAT_VERSION}"
    return f"this is no plan: {first_error(error)}"
