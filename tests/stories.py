"""Random stories that Hypothesis tells a state machine."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def tell(machine: type[RuleBasedStateMachine], *, stories: int, steps: int, **more: Any) -> None:
    """Tells so many stories of so many steps; ``more`` are further settings of Hypothesis.

    Real disks and processes are in them, so no single step is held to a time.
    """
    told = settings(
        max_examples=stories,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        **more,
    )
    run_state_machine_as_test(machine, settings=told)
