"""What a result leaves: an outcome for people, a record for the next run."""

from __future__ import annotations

from rbsync.apply.prepare import Prepared
from rbsync.apply.send import Answer
from rbsync.model.outcome import Failure, Outcome, Verb
from rbsync.model.plan import Create, Delete, Effect, Replace, Update
from rbsync.model.state import Intent, Record

VERBS: dict[type[Effect], Verb] = {
    Create: "create",
    Update: "update",
    Replace: "replace",
    Delete: "delete",
}


def verb_of(action: Effect) -> Verb:
    """What an action is called."""
    return VERBS[type(action)]


def applied(prepared: Prepared, answer: Answer) -> tuple[Outcome, Record]:
    """A datapoint that the project has now."""
    name, verb = prepared.draft.name, verb_of(prepared.action)
    outcome = Outcome(name, verb, "applied", answer.task_id, note=answer.note)
    return outcome, Record(name, prepared.draft.fingerprint, answer.task_id)


def failed(action: Effect, failure: Failure, before: Record, now: float) -> tuple[Outcome, Record]:
    """An action that failed; what is not known to have failed stays pending."""
    wanted = None if isinstance(action, Delete) else action.datapoint.fingerprint
    pending = None
    if failure.kind == "ambiguous":
        operation = "delete" if wanted is None else "create"
        pending = Intent(action.name, operation, wanted, now)
    record = before._replace(failure=failure, attempted=wanted, pending=pending)
    return Outcome(action.name, verb_of(action), "failed", failure=failure), record


def skipped(action: Effect, why: str) -> Outcome:
    """An action that was not begun."""
    return Outcome(action.name, verb_of(action), "skipped", note=why)
