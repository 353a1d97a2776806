"""Plans as the lines in which a test expects them: ``create a (new)``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from rbsync.errors import Problem
from rbsync.model.datapoint import Datapoint, Obstacle
from rbsync.model.fingerprint import FACETS, Facet
from rbsync.model.plan import Action, Plan, Policy
from rbsync.model.record import Record
from rbsync.planner import plan
from rbsync.planner.decide import Rules
from tests.builders import BASIS, dataset


def make_plan(
    desired: Iterable[Datapoint] = (),
    recorded: Iterable[Record] = (),
    policy: Policy | None = None,
    *,
    obstacles: Iterable[Obstacle] = (),
    unread: Iterable[Problem] = (),
    warnings: Iterable[Problem] = (),
    updates: Iterable[Facet] = FACETS,
    insist: bool = False,
) -> Plan:
    rules = Rules(policy or Policy(), frozenset(updates), insist)
    wanted = dataset(desired, obstacles=obstacles, unread=unread, warnings=warnings)
    return plan(wanted, {one.name: one for one in recorded}, rules, BASIS)


def planned(
    desired: Iterable[Datapoint] = (),
    recorded: Iterable[Record] = (),
    policy: Policy | None = None,
    **more: Any,
) -> list[str]:
    """The actions of a plan, one line each."""
    return [spelled(one) for one in make_plan(desired, recorded, policy, **more).actions]


def spelled(action: Action) -> str:
    verb = type(action).__name__.lower()
    changed = getattr(action, "changed", ())
    what = f" {', '.join(changed)} of" if changed else ""
    return f"{verb}{what} {action.name} ({action.reason})"


PRUNE = Policy(prune=True)
REPLACE = replace(Policy(), on_change="replace")
PROTECT = replace(Policy(), on_change="protect")
