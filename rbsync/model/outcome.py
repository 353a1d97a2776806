"""The outcomes of the actions of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from rbsync.errors import ExitCode
from rbsync.reasons import FailureKind, Phase

Result = Literal["applied", "accepted", "recognised", "removed", "failed", "skipped"]
"""``recognised`` is a create that met what it would have made: nothing was sent that counted.
``accepted`` is one that the service agreed to make, and that is looked for by a later run."""
Verb = Literal["create", "move", "update", "replace", "delete", "blocked"]


class Failure(NamedTuple):
    """The failure of an action.

    ``phase`` is where it did; ``status`` is an HTTP status or None; ``hint`` is the next step or
    empty.
    """

    kind: FailureKind
    phase: Phase
    message: str
    attempts: int = 1
    status: int | None = None
    hint: str = ""


class Outcome(NamedTuple):
    """The outcome of one action; ``note`` says more where there is more to say.

    A blocked action is skipped.
    """

    name: str
    action: Verb
    result: Result
    task_id: str = ""
    failure: Failure | None = None
    note: str = ""


@dataclass(frozen=True)
class Report:
    """The outcomes of one run, counted, with the exit code that they amount to.

    ``looked_up`` is how many datapoints a state that was new took in from the project.
    """

    outcomes: tuple[Outcome, ...]
    exit_code: ExitCode
    unchanged: int = 0
    looked_up: int = 0

    @property
    def recognised(self) -> int:
        """Returns how many datapoints were there already, and are known now."""
        return self.looked_up + self.count("recognised")

    @property
    def blocked(self) -> int:
        """Returns how many actions were blocked by the plan."""
        return self.count("skipped", "blocked")

    @property
    def skipped(self) -> int:
        """Returns how many actions were not begun because the run ended."""
        return self.count("skipped", "create", "move", "update", "replace", "delete")

    @property
    def failures(self) -> Sequence[Outcome]:
        """The outcomes that failed."""
        return [one for one in self.outcomes if one.result == "failed"]

    def count(self, result: Result, *actions: Verb) -> int:
        """Returns how many outcomes have a result, of the given actions or of all."""
        return sum(
            1
            for one in self.outcomes
            if one.result == result and (not actions or one.action in actions)
        )
