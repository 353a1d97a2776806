"""The things that a source may look at while it expands, and those whom it tells of finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from rbsync.errors import Location, Problem
from rbsync.files.tree import Tree
from rbsync.model.datapoint import Settings


@dataclass(frozen=True, slots=True)
class Rest:
    """The facts of a source of which only a part is expanded again.

    It had ``before`` entries, and ``left`` of them are not looked at. ``told`` are the warnings of
    the source as a whole; ``dropped`` yields the files that it had of the part.
    """

    before: int
    left: int
    told: Mapping[tuple[str, Location | None], Problem]
    dropped: Callable[[], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Context:
    """The things that a source may look at while it expands.

    ``origin`` is the source's place in the manifest and ``locate`` that of something in it
    (``("glob",)``). ``report`` takes what is wrong; ``unread`` what could not be read, so that
    nobody takes what lies behind it for absent; ``warn`` what is only worth knowing; ``doubt`` why
    datapoints of the source may have labels where none were found. ``witness`` takes a file that
    shows for all of the source that it is as it should be. With ``rest`` only a part of the tree
    is looked at, and the rest is known. ``warn_at`` is as ``warn``, of what was found at a path.
    """

    tree: Tree
    settings: Settings
    origin: Location
    locate: Callable[[tuple[str | int, ...]], Location]
    report: Callable[[Problem], None]
    unread: Callable[[Problem], None]
    warn: Callable[[Problem], None]
    doubt: Callable[[Problem], None] = lambda _: None
    witness: Callable[[str], None] = lambda _: None
    warn_at: Callable[[Problem, str], None] = lambda _, __: None
    rest: Rest | None = None

    def may_tell(self, code: str, place: Location) -> bool:
        """Tells whether a warning of all of the source may be due.

        A part cannot show that something is nowhere. But what was nowhere before is in no other
        part either.
        """
        return self.rest is None or (code, place) in self.rest.told
