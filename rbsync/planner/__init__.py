"""Deciding what to do: pure functions from what is desired and recorded to actions."""

from __future__ import annotations

from rbsync.planner.compare import merged, plan
from rbsync.planner.decide import decide, decide_orphan
from rbsync.planner.guard import check_guard, objection
from rbsync.planner.moves import with_moves

__all__ = ["check_guard", "decide", "decide_orphan", "merged", "objection", "plan", "with_moves"]
