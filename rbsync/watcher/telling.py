"""The words of a watch while it runs, and how things stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from rbsync.applier.breaker import Outage
from rbsync.errors import Problem
from rbsync.model.outcome import Outcome
from rbsync.model.plan import Plan
from rbsync.watcher.completeness import Waiting


class Message(NamedTuple):
    """Something to say once: a stable slug, the sentence, and the next step or nothing."""

    code: str
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """The standing of a watch. ``last_look`` is a time of the wall clock, 0 before the first."""

    folders: int = 0
    waiting: tuple[Waiting, ...] = ()
    in_flight: int = 0
    created: int = 0
    updated: int = 0
    deleted: int = 0
    failed: int = 0
    blocked: int = 0
    looks: int = 0
    last_look: float = 0.0
    polls: bool = False

    @property
    def done(self) -> int:
        """The number of all that was applied."""
        return self.created + self.updated + self.deleted


class Teller(Protocol):
    """Shows what happens; any thread may call it."""

    def message(self, message: Message) -> None:
        """Something is to be known. It is said once."""

    def blocked(self, name: str, problem: Problem) -> None:
        """A datapoint waits for something to be mended. It is said once."""

    def waits(self, waiting: Waiting) -> None:
        """A file is not finished."""

    def planned(self, plan: Plan) -> None:
        """A look has found this to be done, and nothing of it is done with ``--plan-only``."""

    def outcome(self, outcome: Outcome) -> None:
        """An action is done, or failed."""

    def outage(self, outage: Outage) -> None:
        """The service does not answer, or does again."""

    def look(self, standing: Standing, seconds: float) -> None:
        """A look has ended."""

    def standing(self, standing: Standing) -> None:
        """Things stand otherwise than before."""
