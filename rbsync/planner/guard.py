"""The guard: stop and ask before doing a lot of damage."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rbsync.errors import RefusedError
from rbsync.model.plan import Delete, Plan, Policy, Replace

ALWAYS_ALLOWED = 10
SHOWN = 10
EMPTY_SOURCE = "empty-source"
"""The code of the warning that a source which may be empty is empty."""


def check_guard(plan: Plan, policy: Policy) -> None:
    """Raises RefusedError when a plan would delete or replace more than the policy allows."""
    lost = [one.name for one in plan.actions if isinstance(one, Delete | Replace)]
    # The policy may be that of a stranger's manifest, which must not be able to delete it all.
    most = min(math.floor(policy.max_delete * plan.recorded), plan.recorded // 2)
    allowed = max(ALWAYS_ALLOWED, most)
    if len(lost) > allowed:
        raise RefusedError(
            f"the plan would delete or replace {len(lost):,} of {plan.recorded:,} datapoints, "
            f"and at most {allowed:,} are allowed in one run: {_some(lost)}",
            hint="if that is what you want, pass --force"
            + (" or raise policy.max_delete" if len(lost) <= plan.recorded // 2 else ""),
        )
    deleted = [one.name for one in plan.actions if isinstance(one, Delete)]
    if deleted and plan.empty:
        raise RefusedError(
            "the manifest declares no datapoints at all, and the plan would delete "
            f"{len(deleted):,}: {_some(deleted)}",
            hint="if that is what you want, pass --force",
        )
    empty = [one for one in plan.warnings if one.code == EMPTY_SOURCE]
    if deleted and empty:
        raise RefusedError(
            f"{empty[0]._replace(hint='')}, and the plan would delete "
            f"{len(deleted):,} datapoints: {_some(deleted)}",
            hint="is a disk not mounted? If the source is empty on purpose, pass --force",
        )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:SHOWN])
    more = len(names) - SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown
