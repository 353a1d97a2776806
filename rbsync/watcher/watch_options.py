"""The options of a watch."""

from __future__ import annotations

from dataclasses import dataclass, field

from rbsync.sync.plan_options import PlanOptions
from rbsync.watcher.grace import GRACE


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """The options of a watch; times in seconds.

    ``poll`` looks so often instead of waiting for events, None where events are to be had.
    ``once`` ends when nothing is left to wait for, or after ``timeout``.
    """

    settle: float = 2.0
    group: float = 30.0
    rescan: float = 600.0
    grace: float = GRACE
    poll: float | None = None
    once: bool = False
    plan_only: bool = False
    timeout: float | None = None
    planning: PlanOptions = field(default_factory=lambda: PlanOptions(keep_going=True))
    jobs: int | None = None
