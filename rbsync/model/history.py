"""The deeds of runs at a project, and what was there before them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from rbsync.model.fingerprint import FACETS, Facet, Fingerprint

ChangeVerb = Literal["create", "update", "replace", "delete", "move"]


@dataclass(frozen=True, slots=True)
class Run:
    """One run that changed a project, or tried to.

    ``started`` and ``ended`` are in seconds since the epoch, ``ended`` None while it runs, and
    for one that was killed. ``revision`` is that of git, empty outside of it; ``dataset`` is the
    digest of what was declared. ``undoes`` are the ids of the runs that it took back.
    """

    id: str
    command: str
    started: float
    user: str = ""
    host: str = ""
    revision: str = ""
    dataset: str = ""
    undoes: tuple[str, ...] = ()
    ended: float | None = None
    created: int = 0
    updated: int = 0
    deleted: int = 0
    failed: int = 0
    exit_code: int | None = None
    moved: int = 0

    @property
    def is_whole(self) -> bool:
        """Tells whether it did all that it was to do."""
        return self.exit_code == 0


class Change(NamedTuple):
    """One datapoint that a run was about to change; written down before it was.

    ``was`` is the fingerprint that rbsync had left before, None for a create; ``now`` is what it
    was given, None for a delete. ``before`` is the digest of the content that the project had,
    empty for a create, and ``parts`` are those of the contents that this one names. ``refs`` are
    the files of the project that its items are kept in. ``renamed`` is the new name of a move.
    """

    run: str
    name: str
    verb: ChangeVerb
    facets: tuple[Facet, ...] = FACETS
    was: Fingerprint | None = None
    now: Fingerprint | None = None
    before: str = ""
    parts: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()
    time: float = 0.0
    renamed: str = ""
