"""The guard: stop and ask before doing a lot of damage."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rbsync.errors import Problem, RefusedError
from rbsync.model.plan import Action, Delete, Plan, Policy, Replace, Update
from rbsync.reasons import EMPTY_SOURCE

ALWAYS_ALLOWED = 10
ALWAYS_OVERWRITTEN = 50
OVERWRITTEN = 0.1
"""The share of the records whose labels may be overwritten although people have worked on them."""

SHOWN = 10
_KINDS = ("delete or replace", "remove all labels of", "remove a third or more of the labels of")
_ASK = "if that is what you want"
_ASK_OF_LABELS = "are the label files where they were? If that is what you want"


def check_guard(plan: Plan, policy: Policy) -> None:
    """Raises RefusedError when a plan would destroy more than the policy allows."""
    found = objection(plan, policy)
    if found is not None:
        raise RefusedError(found.message, hint=found.hint)


def objection(plan: Plan, policy: Policy) -> Problem | None:
    """Says why the guard stops a plan; None when it does not."""
    return (
        _of_losses(plan, policy)
        or _of_overwriting(plan)
        or _of_nothing_declared(plan)
        or _of_empty_sources(plan)
    )


def _of_losses(plan: Plan, policy: Policy) -> Problem | None:
    """Counts together what is lost: labels that are removed are as gone as a deleted datapoint."""
    lost = [one.name for one in plan.singled_out if isinstance(one, Delete | Replace)]
    gone = frozenset(lost)
    # A Replace may lose its labels as well, and would be counted twice.
    bare = [name for name in plan.labels_removed if name not in gone]
    fewer = [name for name in plan.fewer_labels if name not in gone]
    # The policy may be that of a stranger's manifest, which must not be able to delete it all.
    half = plan.recorded // 2
    allowed = max(ALWAYS_ALLOWED, min(math.floor(policy.max_delete * plan.recorded), half))
    every = [*lost, *bare, *fewer]
    number = len(every)
    if number <= allowed:
        return None
    # Above a half the policy does not count, and the hint would lead nowhere.
    more = " or raise policy.max_delete" if number <= half else ""
    return Problem(
        "guard",
        f"the plan would {_losses(lost, bare, fewer)} of {plan.recorded:,} datapoints, and at "
        f"most {allowed:,} are allowed in one run: {_some(every)}",
        hint=f"{_ASK if lost else _ASK_OF_LABELS}, pass --force{more}",
    )


def _of_overwriting(plan: Plan) -> Problem | None:
    names = [one.name for one in plan.singled_out if _overwrites_labels(one)]
    # No policy raises this: a manifest could allow itself to overwrite what people have drawn.
    allowed = max(ALWAYS_OVERWRITTEN, math.floor(OVERWRITTEN * plan.recorded))
    if len(names) <= allowed:
        return None
    return Problem(
        "guard",
        f"the plan would overwrite the labels of {len(names):,} of {plan.recorded:,} datapoints "
        f"in which people have worked, and at most {allowed:,} are allowed in one run: "
        f"{_some(names)}",
        hint=f"{_ASK}, pass --force",
    )


def _overwrites_labels(action: Action) -> bool:
    """Tells whether labels are changed of a task in which people have worked."""
    if not isinstance(action, Update | Replace):
        return False
    worked = isinstance(action, Update) and action.is_worked_on
    return "labels" in action.changed and (worked or action.over is not None)


def _of_nothing_declared(plan: Plan) -> Problem | None:
    deleted = [one.name for one in plan.singled_out if isinstance(one, Delete)]
    # Also when few are deleted: a manifest that lost its sources looks just like this.
    if not deleted or not plan.empty:
        return None
    return Problem(
        "guard",
        "the manifest declares no datapoints at all, and the plan would delete "
        f"{len(deleted):,}: {_some(deleted)}",
        hint=f"{_ASK}, pass --force",
    )


def _of_empty_sources(plan: Plan) -> Problem | None:
    deleted = [one.name for one in plan.singled_out if isinstance(one, Delete)]
    # An unmounted disk is an empty folder.
    empty = [one for one in plan.warnings if one.code == EMPTY_SOURCE]
    if not deleted or not empty:
        return None
    return Problem(
        "guard",
        f"{empty[0]._replace(hint='')}, and the plan would delete "
        f"{len(deleted):,} datapoints: {_some(deleted)}",
        hint="is a disk not mounted? If the source is empty on purpose, pass --force",
    )


def _losses(*names: Sequence[str]) -> str:
    parts = [f"{what} {len(each):,}" for what, each in zip(_KINDS, names, strict=True) if len(each)]
    return " and ".join(parts)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:SHOWN])
    more = len(names) - SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown
