"""What is wrong with what a manifest declares, gathered in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rbsync.errors import Location, Problem, UserError
from rbsync.model.datapoint import Obstacle
from rbsync.sources.base import Entry

SHOWN = 50
"""Problems that are worth listing; somebody with more has one cause, not thousands."""


class Findings:
    """Problems, warnings and what they stand in the way of."""

    def __init__(self, problems: Sequence[Problem] = ()) -> None:
        self.problems = list(problems)
        self.warnings: list[Problem] = []
        self.unread: list[Problem] = list(problems)
        self.obstacles: dict[str, Obstacle] = {}

    def of_source(self, problem: Problem) -> None:
        """A source cannot be expanded, or not to its end: nobody knows what it declares."""
        self.problems.append(problem)
        self.unread.append(problem)

    def of_entry(
        self, entry: Entry, problem: Problem, reason: Literal["invalid", "unknown"] = "invalid"
    ) -> None:
        """One datapoint cannot be planned; the others can."""
        self.problems.append(problem)
        self.obstacles.setdefault(entry.name, Obstacle(entry.name, reason, problem))

    def warn(self, problem: Problem) -> None:
        """Something is worth knowing and stops nothing."""
        self.warnings.append(problem)

    def raise_if_any(self) -> None:
        """Raises UserError with the problems in the order of their places."""
        if not self.problems:
            return
        found = sorted(set(self.problems), key=_place)
        more = len(found) - SHOWN
        if more > 0:
            rest = Problem("more", f"and {more:,} more problems")
            found = [*found[:SHOWN], rest]
        raise UserError(found)


def _place(problem: Problem) -> tuple[Location, str]:
    return problem.location or Location("~"), problem.message
