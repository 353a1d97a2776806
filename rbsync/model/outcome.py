"""The outcomes of the actions of a plan."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal, NamedTuple
from zlib import compress, decompress

from rbsync.errors import ExitCode
from rbsync.model.made_when_asked import MadeWhenAsked
from rbsync.reasons import FailureKind, Phase

Result = Literal["applied", "accepted", "recognised", "removed", "failed", "skipped"]
"""``recognised`` is a create that met what it would have made: nothing was sent that counted.
``accepted`` is one that the service agreed to make, and that is looked for by a later run."""
Verb = Literal["create", "move", "update", "replace", "delete", "blocked"]


REQUEST = " [request: "
"""Begins what a message tells of one request alone, at its end."""


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

    @property
    def words(self) -> str:
        """The message without what tells a request apart from others that met the same."""
        return self.message.partition(REQUEST)[0]


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


class Outcomes(MadeWhenAsked[Outcome]):
    """The outcomes of a run, counted as they come; but for the last ones they are packed."""

    def __init__(self, given: Iterable[Outcome] = ()) -> None:
        self._packed: list[bytes] = []
        self._last: list[Outcome] = []
        self._failed: list[int] = []
        self._counts: Counter[tuple[Result, Verb]] = Counter()
        for one in given:
            self.append(one)

    def append(self, one: Outcome) -> None:
        """Takes in an outcome."""
        if one.result == "failed":
            self._failed.append(len(self))
        self._counts[one.result, one.action] += 1
        self._last.append(one)
        if len(self._last) >= _TOGETHER:
            # A million outcomes are 300 MB of objects, and 30 MB of such text.
            self._packed.append(compress(json.dumps(self._last).encode(), 1))
            self._last = []

    def __len__(self) -> int:
        return len(self._packed) * _TOGETHER + len(self._last)

    def __iter__(self) -> Iterator[Outcome]:
        for at in range(len(self._packed)):
            yield from self._part(at)
        yield from self._last

    def _part(self, at: int) -> list[Outcome]:
        if at == len(self._packed):
            return self._last
        return [_outcome(*one) for one in json.loads(decompress(self._packed[at]))]

    def _made(self, at: int) -> Outcome:
        part, place = divmod(at, _TOGETHER)
        return self._part(part)[place]

    @property
    def failures(self) -> list[Outcome]:
        """Those that failed."""
        parts = groupby(self._failed, lambda at: at // _TOGETHER)
        return [self._part(part)[at % _TOGETHER] for part, some in parts for at in some]

    def number(self, result: Result, actions: Collection[Verb]) -> int:
        """Returns how many have a result, of some actions or, where there are none, of all."""
        found = self._counts.items()
        return sum(
            n for (one, verb), n in found if one == result and (not actions or verb in actions)
        )


_TOGETHER = 512


def _outcome(
    name: str, action: Verb, result: Result, task_id: str, failure: Any, note: str
) -> Outcome:
    return Outcome(name, action, result, task_id, Failure(*failure) if failure else None, note)


@dataclass(frozen=True)
class Report:
    """The outcomes of one run, counted, with the exit code that they amount to.

    ``looked_up`` is how many datapoints a state that was new took in from the project.
    """

    outcomes: Sequence[Outcome]
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
        if isinstance(self.outcomes, Outcomes):
            return self.outcomes.failures
        return [one for one in self.outcomes if one.result == "failed"]

    def count(self, result: Result, *actions: Verb) -> int:
        """Returns how many outcomes have a result, of the given actions or of all."""
        if isinstance(self.outcomes, Outcomes):
            return self.outcomes.number(result, actions)
        return sum(
            1
            for one in self.outcomes
            if one.result == result and (not actions or one.action in actions)
        )
