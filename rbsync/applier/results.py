"""The traces of an action: an intent before, an outcome for people, a record for the next run."""

from __future__ import annotations

from rbsync.model.outcome import Failure, Outcome, Result, Verb
from rbsync.model.plan import Create, Delete, Effect, Move, Replace, Update
from rbsync.model.record import Intent, Record, attempted_since
from rbsync.reasons import AMBIGUOUS, INVALID

VERBS: dict[type[Effect], Verb] = {
    Create: "create",
    Move: "move",
    Update: "update",
    Replace: "replace",
    Delete: "delete",
}


def verb_of(action: Effect) -> Verb:
    """Returns what an action is called."""
    return VERBS[type(action)]


def intent_of(action: Effect, now: float) -> Intent:
    """Returns what is written down before an action is sent."""
    match action:
        case Create(datapoint=datapoint):
            return Intent(action.name, "create", datapoint.fingerprint, now, action.declined)
        case Move():
            return Intent(action.name, "create", action.applied, now, action.declined, action.old)
        case Update(datapoint=datapoint) | Replace(datapoint=datapoint):
            return Intent(action.name, "update", datapoint.fingerprint, now, action.declined)
        case Delete():
            return Intent(action.name, "delete", None, now, action.declined)


def applied(
    action: Create | Update | Replace, task_id: str, note: str = "", *, recognised: bool = False
) -> tuple[Outcome, Record]:
    """A datapoint that the project has now, or that it had before when it was ``recognised``."""
    result: Result = "recognised" if recognised else "applied"
    outcome = Outcome(action.name, verb_of(action), result, task_id, note=note)
    fingerprint = action.datapoint.fingerprint
    return outcome, Record(action.name, fingerprint, task_id, declined=action.declined)


def carried(action: Move, task_id: str) -> Record:
    """A datapoint that has its new name, while the task of the old one is still there."""
    declined = action.declined
    return Record(action.name, action.applied, task_id, declined=declined, old_name=action.old)


def moved(action: Move, task_id: str) -> tuple[Outcome, Record]:
    """A datapoint that the project has under its new name alone."""
    outcome = Outcome(action.name, "move", "applied", task_id, note=f"from {action.old}")
    return outcome, Record(action.name, action.applied, task_id, declined=action.declined)


def removed(action: Delete) -> tuple[Outcome, Record | None]:
    """A datapoint that the project has no more; that it is not wanted again stays known."""
    outcome = Outcome(action.name, "delete", "removed", action.task_id)
    return outcome, Record(action.name, declined=action.declined) if action.declined else None


def failed(
    action: Effect, failure: Failure, before: Record | None, now: float
) -> tuple[Outcome, Record]:
    """An action that failed; what is not known to have failed stays pending."""
    # The fingerprint that was applied stays beside the failure: the datapoint is still as it was,
    # and the next plan compares with that.
    record = before or Record(action.name)
    intent = intent_of(action, now)
    unknown = failure.kind == AMBIGUOUS
    if isinstance(action, Replace) and failure.phase == "create" and not unknown:
        # The old datapoint was deleted before the new one was refused.
        record = Record(action.name)
    elif isinstance(action, Create):
        # The plan may know that what is recorded is not there any more.
        record = record._replace(applied=None, task_id="")
    attempted = intent.fingerprint
    # What was refused is known by just what was asked for.
    if attempted is not None and failure.kind != INVALID:
        attempted = attempted_since(record, attempted)
    record = record._replace(
        failure=failure, attempted=attempted, pending=intent if unknown else None
    )
    return Outcome(action.name, verb_of(action), "failed", failure=failure), record


def accepted(
    action: Effect, failure: Failure, before: Record | None, now: float
) -> tuple[Outcome, Record]:
    """A create that the service agreed to do later: it stays pending, and is no failure."""
    _, record = failed(action, failure, before, now)
    return Outcome(action.name, verb_of(action), "accepted", note=failure.message), record


def skipped(action: Effect, why: str) -> Outcome:
    """An action that was not begun."""
    return Outcome(action.name, verb_of(action), "skipped", note=why)
