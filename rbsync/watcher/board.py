"""The standing of a watch: the parts of a watch note what they know, and whoever shows it asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from rbsync.errors import ExitCode
from rbsync.model.outcome import Outcome
from rbsync.watcher.completeness import Waiting
from rbsync.watcher.telling import Standing


class Board:
    """Keeps the counts of a watch."""

    def __init__(self, waiting: Callable[[], list[Waiting]], failed: Callable[[], int]) -> None:
        """``waiting`` and ``failed`` tell what waits and how much failed just now."""
        self._waiting, self._failed = waiting, failed
        self._noted = Standing()

    def note(self, **counts: Any) -> None:
        """Notes fields of a `Standing`."""
        self._noted = replace(self._noted, **counts)

    def count(self, outcomes: Iterable[Outcome]) -> None:
        """Adds what was applied."""
        counts = {"create": 0, "update": 0, "delete": 0}
        for one in outcomes:
            counts[one.action if one.action in counts else "update"] += 1
        noted = self._noted
        self.note(
            created=noted.created + counts["create"],
            updated=noted.updated + counts["update"],
            deleted=noted.deleted + counts["delete"],
        )

    @property
    def looks(self) -> int:
        """The number of looks so far."""
        return self._noted.looks

    def standing(self) -> Standing:
        """Returns how things stand now."""
        return replace(self._noted, waiting=tuple(self._waiting()), failed=self._failed())


def facts(standing: Standing, last: ExitCode) -> dict[str, object]:
    """The standing, for a health check; ``last`` is the code that `apply` would have had."""
    return {
        "looks": standing.looks,
        "last_look": round(standing.last_look, 1),
        "waiting": len(standing.waiting),
        "done": standing.done,
        "failed": standing.failed,
        "blocked": standing.blocked,
        "code": int(last),
    }
