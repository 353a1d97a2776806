"""Problems of the things that a manifest declares, gathered in one pass."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from rbsync.dataset.told import Stray, Told
from rbsync.errors import Location, Problem, UserError
from rbsync.manifest.order import in_order, shortened
from rbsync.model.datapoint import Obstacle
from rbsync.reasons import INVALID, UNKNOWN, ObstacleReason
from rbsync.sources.entry import Entry

DO_THE_OTHERS = "`rbsync apply --keep-going` does the others"


_OF_MAPPINGS = ("unknown-key", "missing-key", "source-kind")
"""Problems that are told at the beginning of a whole entry, and say nothing of one value."""


class Findings:
    """Problems, warnings and what they stand in the way of."""

    def __init__(self, problems: Sequence[Problem] = (), file: str = "") -> None:
        """``problems`` are those of the manifest itself, whose name is ``file``."""
        self._file = file
        self.problems = list(problems)
        self.told: list[Told] = []
        self.strays: Mapping[str, Stray] = {}
        self.unused: Sequence[Problem] = ()
        # A source that does not parse may have declared anything. With prune, what it declared
        # before must not be deleted for that.
        self.unread: list[Problem] = list(problems)
        self.obstacles: dict[str, Obstacle] = {}
        self.doubts: dict[Location, Problem] = {}
        # What is wrong in itself is told once: nobody wants to hear that the file of a name with
        # an undefined variable is missing too.
        self._told = {one.location for one in problems if one.code not in _OF_MAPPINGS}

    def bar(self, entry: Entry, problem: Problem) -> None:
        """One datapoint cannot be planned, for a problem that was told already."""
        is_outage = problem in self.unread and problem not in self.problems
        reason: ObstacleReason = UNKNOWN if is_outage else INVALID
        self.obstacles.setdefault(entry.name, Obstacle(entry.name, reason, problem))

    def of_source(self, problem: Problem) -> None:
        """A source cannot be expanded, or not to its end: nobody knows what it declares."""
        self._tell(problem)
        self.unread.append(problem)

    def of_outage(self, problem: Problem) -> None:
        """As `of_source`, for what is elsewhere: all else is planned nevertheless."""
        if problem not in self.unread:
            self.unread.append(problem)

    def of_entry_outage(self, entry: Entry, problem: Problem) -> None:
        """As `of_outage`, of what one datapoint is made of."""
        self.obstacles.setdefault(entry.name, Obstacle(entry.name, UNKNOWN, problem))

    def of_entry(self, entry: Entry, problem: Problem, reason: ObstacleReason = INVALID) -> None:
        """One datapoint cannot be planned; the others can."""
        self._tell(problem)
        # The first problem of a datapoint is the cause, and the others often follow from it.
        self.obstacles.setdefault(entry.name, Obstacle(entry.name, reason, problem))

    def _tell(self, problem: Problem) -> None:
        if problem.location not in self._told:
            self.problems.append(problem)

    def warn(self, entry: Entry, problem: Problem) -> None:
        """Something is worth knowing of one datapoint and stops nothing."""
        self.told.append(Told(problem, entry))

    def warn_of_part(self, entry: Entry, problem: Problem, file: str, number: int) -> None:
        """As `warn`, of something that is told once of a whole source, with all its numbers."""
        self.told.append(Told(problem, entry, file=file, number=number))

    def warn_of_source(self, source: int, problem: Problem, path: str = "") -> None:
        """Something is worth knowing of a source, or of what it found at a path."""
        self.told.append(Told(problem, source=source, file=path))

    def warn_of_several(self, problem: Problem, names: Collection[str]) -> None:
        """Something is worth knowing of datapoints that may be of several sources."""
        self.told.append(Told(problem, names=frozenset(names)))

    def doubt(self, source: Location, problem: Problem) -> None:
        """Datapoints of a source may have labels although none were found."""
        self.doubts.setdefault(source, problem)

    def raise_if_any(self, *, others: bool = False) -> None:
        """Raises UserError with the problems in the order of their places.

        ``others`` says that there are datapoints without a problem.
        """
        if not self.problems:
            return
        # Each once: a missing folder is found by every source that looks into it.
        found = shortened(in_order(dict.fromkeys(self.problems), self._file))
        raise UserError(found, hint=DO_THE_OTHERS if others and self.obstacles else "")
