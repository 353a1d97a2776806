"""The digest of what a plan would do: what a reviewer agreed to, by whoever it is planned again."""

from __future__ import annotations

import hashlib
from typing import Any

from rbsync.documents.plan_document import action_json
from rbsync.model.fingerprint import canonical_json
from rbsync.model.plan import Action, Blocked, Plan

# How a plan is told, where it was made, and what the project calls its tasks. Another clone, which
# knows of a failure that this one has not seen, would do the same for another reason.
_NOT_MEANT = frozenset({"message", "reason", "origin", "task_id", "declined", "is_worked_on"})


def plan_digest(plan: Plan) -> str:
    """The digest of the actions, ``sha256:…``: equal for plans that do the same, wherever.

    Neither the state's serial, nor the git revision, host and time have a part in it.
    """
    whole = hashlib.sha256(b"plan:1\n")
    for action in plan.actions:
        whole.update(canonical_json(_meant(action)) + b"\n")
    if plan.new_project:
        whole.update(canonical_json({"project": plan.new_project}) + b"\n")
    for name in plan.added_categories:
        whole.update(canonical_json({"category": name}) + b"\n")
    return f"sha256:{whole.hexdigest()}"


def _meant(action: Action) -> dict[str, Any]:
    if isinstance(action, Blocked):
        return {"action": "blocked", "name": action.name, "reason": action.reason}
    return {key: one for key, one in action_json(action).items() if key not in _NOT_MEANT}
