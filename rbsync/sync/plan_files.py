"""Plans that were written down: which of them may be applied as they are."""

from __future__ import annotations

from dataclasses import replace

from rbsync.errors import RefusedError, StaleError
from rbsync.model.plan import Action, Blocked, Create, Delete, Effect, Plan
from rbsync.reasons import NEW
from rbsync.sync.plan_options import PlanOptions
from rbsync.sync.planning import make_plan
from rbsync.sync.workspace import Workspace
from rbsync.trust.own_plans import digest_of, is_own

SHOWN = 5
_EXPECT_HINT = (
    "where it was made, `rbsync plan -o` printed its digest: pass that as --expect sha256:…"
)


def accepted(workspace: Workspace, plan: Plan, data: bytes, expected: str) -> Plan:
    """The plan that the bytes of a file are, if it may be applied.

    It may when its digest is the one ``expected``, and without that when this user wrote it on
    this machine. Any other file may be a stranger's, and counts as far as state and manifest say
    the same: what it would do must be part of what a plan made now would do. Raises RefusedError
    for one that says otherwise, and StaleError for one that was made against something else.
    """
    digest = digest_of(data)
    if expected:
        if expected.strip().lower().removeprefix("sha256:") != digest.removeprefix("sha256:"):
            message = f"the plan is not the expected one: its digest is {digest}"
            raise RefusedError(message, hint="get the plan again from where it was made")
        return plan
    return plan if is_own(digest, workspace.manifest.root) else _confirmed(workspace, plan)


def _confirmed(workspace: Workspace, plan: Plan) -> Plan:
    """The part of a plan made now that a foreign one names, with all that the guard looks at."""
    if plan.basis.manifest != workspace.manifest.digest:
        raise StaleError(
            "the manifest has changed since the plan was made", hint="run `rbsync plan` again"
        )
    now = make_plan(workspace, PlanOptions(keep_going=True))
    known = {one.name: _bare(one) for one in now.actions}
    others = [one for one in plan.effects if known.get(one.name) != _bare(one)]
    if others:
        raise _unconfirmed(plan, now, others)
    wanted = {one.name for one in plan.effects}
    actions = (one for one in now.actions if one.name in wanted or isinstance(one, Blocked))
    forgotten = tuple(one for one in now.forgotten if one in plan.forgotten)
    return replace(now, actions=tuple(actions), forgotten=forgotten)


def _bare(action: Action) -> Action:
    """An action without its words: how it came about may be told differently in another clone."""
    bare = replace(action, reason=NEW, message="")
    if isinstance(bare, Delete | Blocked):
        return bare
    datapoint = bare.datapoint
    # Where the cache is older, the extent is not known; nor is a loss where nobody has looked.
    if datapoint.labels is not None:
        labels = datapoint.labels._replace(extent=None)
        bare = replace(bare, datapoint=datapoint._replace(labels=labels))
    return bare if isinstance(bare, Create) else replace(bare, fewer_labels="")


def _unconfirmed(plan: Plan, now: Plan, others: list[Effect]) -> StaleError | RefusedError:
    if (plan.basis.lineage, plan.basis.serial) != (now.basis.lineage, now.basis.serial):
        return StaleError(
            "the state has moved on since the plan was made, or is another one",
            hint=f"run `rbsync plan` again, or, {_EXPECT_HINT}",
        )
    return RefusedError(
        "the plan was not made here, and does what state and manifest do not call for: "
        + _some(others),
        hint=_EXPECT_HINT,
    )


def _some(actions: list[Effect]) -> str:
    shown = ", ".join(map(_named, actions[:SHOWN]))
    more = len(actions) - SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown


def _named(action: Action) -> str:
    return f"{type(action).__name__.lower()} {action.name}"
