"""The part of a plan that is done now: no delete within its grace, nothing that failed just now."""

from __future__ import annotations

from dataclasses import replace

from rbsync.errors import Problem
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.plan import Action, Blocked, Create, Delete, Effect, Plan, Policy
from rbsync.planner import objection
from rbsync.watcher.grace import Grace
from rbsync.watcher.retries import Retries


def narrowed(
    plan: Plan, retries: Retries, grace: Grace, now: float, *, deletes: bool = True
) -> Plan:
    """The plan without deletes whose grace lasts, and without what failed a moment ago.

    Without ``deletes`` none is done, and the grace of all begins anew.
    """
    # While a disk is away all its files are missing; their grace must not run out meanwhile.
    missing = [one.name for one in plan.singled_out if isinstance(one, Delete)] if deletes else []
    gone = grace.over(missing, now)
    # What failed is recorded, so that it is among the actions that are singled out.
    return plan.only(lambda one: not _is_held(one, retries, gone, now))


def _is_held(action: Action, retries: Retries, gone: frozenset[str], now: float) -> bool:
    if isinstance(action, Blocked):
        return False
    if isinstance(action, Delete) and action.name not in gone:
        return True
    return retries.waits(action.name, desired_of(action), now)


def desired_of(action: Effect) -> Fingerprint | None:
    """The fingerprint that an action leads to; None for a delete."""
    return None if isinstance(action, Delete) else action.datapoint.fingerprint


def allowed(plan: Plan, policy: Policy) -> tuple[Plan, Problem | None]:
    """The part of a plan that the guard lets pass, and why it is not the whole.

    What takes something away waits for somebody who says yes; what is new does not wait for that.
    """
    first = objection(plan, policy)
    if first is None:
        return replace(plan, refused=None), None
    # The weaker limit first, so that one emptied folder does not hold back all updates.
    for harmless in (_no_delete, _only_new):
        left = replace(plan.only(harmless), refused=None)
        if objection(left, policy) is None:
            break
    return left, first


def _no_delete(action: Action) -> bool:
    return not isinstance(action, Delete)


def _only_new(action: Action) -> bool:
    return isinstance(action, Create | Blocked)
