"""Settings of the defaults and of a source, merged, with what is wrong with a storage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from rbsync.dataset.findings import Findings
from rbsync.errors import Location, Problem
from rbsync.guessing import nearest
from rbsync.labels.problem import meant_name
from rbsync.manifest.manifest import Manifest
from rbsync.manifest.positions import Path
from rbsync.model.datapoint import Settings
from rbsync.model.storages import BUILT_IN, UPLOADED, is_built_in, is_uuid
from rbsync.sources.base import Common

T = TypeVar("T")


@dataclass
class Merging:
    """Settings of the defaults and of a source, one object for all that have the same."""

    manifest: Manifest
    findings: Findings

    def __post_init__(self) -> None:
        self._made: dict[str, Settings] = {}
        self._misplaced: set[Location] = set()

    def settings(
        self, source: Common, locate: Callable[[Path], Location]
    ) -> tuple[Settings, Problem | None]:
        """The settings of a source, and the problem that its storage is none."""
        defaults = self.manifest.defaults
        named = source.storage or defaults.storage or UPLOADED
        storage = self._storage(named)
        problem = None
        if storage is None:
            # That of the defaults is told there, and not once more at each entry.
            is_own = source.storage is not None
            where = (locate if is_own else self.manifest.locate)(
                ("storage",) if is_own else ("defaults", "storage")
            )
            problem, near = self._unknown(named, where)
            # Items of a misspelt storage of our own are files, and those that are missing are told
            # in the same run; of any other name they may be keys.
            storage = near if near == UPLOADED else None
            if where not in self._misplaced:
                self._misplaced.add(where)
                self.findings.of_source(problem)
        made = Settings(
            storage=storage or named,
            ground_truth=_first(source.ground_truth, defaults.ground_truth) or False,
            priority=_first(source.priority, defaults.priority),
            metadata={**(defaults.metadata or {}), **(source.metadata or {})},
        )
        # By its text: metadata is a mapping, and has no hash.
        return self._made.setdefault(repr(made), made), problem

    def _unknown(self, named: str, where: Location) -> tuple[Problem, str | None]:
        """The problem of a storage that nobody knows, and the name that is near to it, or none."""
        every = [*BUILT_IN, *self.manifest.settings.storages]
        near = nearest(named, every)
        hint = f"known are {', '.join(every)}, and any storage's UUID; name it under `storages`"
        hint = f"{meant_name(named, near)} {hint}" if near else hint
        return Problem("unknown-storage", f"`{named}` is no storage", where, hint), near

    def _storage(self, named: str) -> str | None:
        if is_built_in(named):
            return named
        if named in self.manifest.settings.storages:
            return str(self.manifest.settings.storages[named])
        # A UUID in capitals is the same storage, and would else be a change of the settings.
        return named.lower() if is_uuid(named) else None


def _first(own: T | None, default: T | None) -> T | None:
    # Not `or`: a source may say 0 or False where the defaults say something else.
    return default if own is None else own
