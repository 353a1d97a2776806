"""Deciding what to do: pure functions from what is desired and recorded to actions."""

from __future__ import annotations

from rbsync.plan.compare import plan
from rbsync.plan.decide import decide, decide_orphan
from rbsync.plan.guard import check_guard

__all__ = ["check_guard", "decide", "decide_orphan", "plan"]
