"""Adopt: take over what the project has already."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from rbsync.applier.comparing import differing
from rbsync.applier.recovery import CONFLICT
from rbsync.backends.base import TaskContent
from rbsync.errors import RbsyncError
from rbsync.files.name_patterns import name_pattern
from rbsync.model.by_name import ByName
from rbsync.model.datapoint import Datapoint
from rbsync.model.fingerprint import Facet, Fingerprint
from rbsync.model.record import UNKNOWN, Record
from rbsync.stores.base import Writer
from rbsync.sync.declared_dataset import expand
from rbsync.sync.first_look import LOOKED_AT_ONCE
from rbsync.sync.gaps import Gaps
from rbsync.sync.refreshing import correcting, present_project, put
from rbsync.sync.workspace import Workspace

_WILD = frozenset("*?[")
UNDECLARED = "the manifest does not declare"
_HINT = "nothing was adopted; `rbsync ls` lists what the project has, `rbsync expand` all names"


class Refused(NamedTuple):
    """A datapoint that was not taken over, and why."""

    name: str
    why: str


class Adopted(NamedTuple):
    """By name: what was ``recorded`` as it is, and what is ``forced`` to be updated next."""

    recorded: tuple[str, ...]
    forced: tuple[str, ...]
    refused: tuple[Refused, ...]


class _Found(NamedTuple):
    """A declared datapoint that the project has a task for."""

    desired: Datapoint
    content: TaskContent
    record: Record | None

    @property
    def is_ours(self) -> bool:
        """Tells whether the state has this very task, as it was left."""
        record = self.record
        if record is None or record.applied is None:
            return False
        # A task that was deleted and made anew has the name and not the id.
        if not self.content.task.has_id(record.task_id):
            return False
        return record.applied == UNKNOWN or not self._differing(record.applied)

    def _differing(self, known: Fingerprint) -> tuple[Facet, ...]:
        return differing(self.content, [known])

    @property
    def objection(self) -> str:
        """Returns why it is not what is declared; empty when it is."""
        if self.record is not None and self.record.pending is not None:
            return "its last run is not settled yet"
        # Without a stamp nobody knows what its labels were made of. `--force` says that this does
        # not matter.
        if self.content.task.stamp is None:
            return f"{CONFLICT}, without rbsync's stamp"
        facets = self._differing(self.desired.fingerprint)
        return f"its {', '.join(facets)} differ from what is declared" if facets else ""


def adopt(workspace: Workspace, patterns: Sequence[str], timeout: float, *, force: bool) -> Adopted:
    """Records the declared datapoints that the project has with the same content.

    ``patterns`` are names or globs, none for all. With ``force`` others are recorded too, as of
    unknown content, so that the next plan updates all of each. Raises RbsyncError for a name
    that is not declared or that the project does not have, UserError for a manifest that cannot
    be expanded, and BackendError, LockedError and StoreError; then no record changes.
    """
    project = present_project(workspace)
    if workspace.first_look.is_called_for(workspace.store.header(), project):
        workspace.first_look.tasks()
    dataset = expand(workspace, project, keep_going=True)
    declared = ByName(dataset.datapoints)
    check_names(patterns, declared.some(patterns), UNDECLARED, _HINT)
    adopting = _Adopting(patterns, declared, force=force)
    with correcting(workspace, timeout) as writer:
        for some in together(Gaps(workspace.note).passing(workspace.backend.read())):
            adopting.take(some, writer)
        check_names(patterns, adopting.seen, "the project does not have", _HINT)
        put(workspace, writer, adopting.records())
        # A state that has a project is not made good from it again, so that it must know all now.
        workspace.first_look.take_in(writer)
    return adopting.told()


class _Adopting:
    """One adopt under way. Of what the state has already nothing is kept in memory."""

    def __init__(self, patterns: Sequence[str], declared: ByName, *, force: bool) -> None:
        self._covers = covering(patterns, declared)
        self._patterns = frozenset(patterns)
        self._declared, self._force = declared, force
        self._refused: dict[str, str] = {}
        self._made: dict[str, tuple[Record, bool]] = {}
        """The record of each that is taken over, and whether the state has it already."""
        self.seen: set[str] = set()
        """The names among the patterns that the project has a declared datapoint of."""

    def take(self, contents: Iterable[TaskContent], writer: Writer) -> None:
        """Decides about tasks; one that has the name of an earlier one stands for both."""
        named = {one.task.name: one for one in contents if self._covers(one.task.name)}
        wanted = self._declared.some(named)
        before = writer.some_records(wanted)
        self.seen.update(self._patterns & wanted.keys())
        for name, desired in wanted.items():
            self._made.pop(name, None)
            self._refused.pop(name, None)
            found = _Found(desired, named[name], before.get(name))
            if not found.is_ours:
                self._decide(found)

    def _decide(self, found: _Found) -> None:
        name, why = found.desired.name, found.objection
        # A request that is under way may still land, and would change what was just recorded.
        if why and not (self._force and not (found.record and found.record.pending)):
            self._refused[name] = why
            return
        # A fingerprint that equals nothing: the next plan updates all of it.
        known = UNKNOWN if why else found.desired.fingerprint
        record = Record(name, known, found.content.task.task_id)
        self._made[name] = record, record == found.record

    def records(self) -> list[Record]:
        """The records that the state has to take in."""
        return [one for _, (one, is_there) in sorted(self._made.items()) if not is_there]

    def told(self) -> Adopted:
        """Returns the outcome for all of them."""
        forced = {name for name, (one, _) in self._made.items() if one.applied == UNKNOWN}
        return Adopted(
            tuple(sorted(self._made.keys() - forced)),
            tuple(sorted(forced)),
            tuple(Refused(*one) for one in sorted(self._refused.items())),
        )


def together(contents: Iterator[TaskContent]) -> Iterator[list[TaskContent]]:
    """Yields the contents of tasks by the hundred: what they hold is in memory meanwhile."""
    while some := list(islice(contents, LOOKED_AT_ONCE)):
        yield some


def covering(patterns: Sequence[str], declared: ByName) -> Callable[[str], bool]:
    """Tells of a name whether it is given or matches; without any pattern all do.

    What is a name is no pattern, whatever it looks like.
    """
    given = declared.some(patterns).keys()
    globs = [name_pattern(one) for one in patterns if one not in given]
    return lambda name: not patterns or name in given or any(matches(name) for matches in globs)


def check_names(patterns: Sequence[str], known: Container[str], what: str, hint: str) -> None:
    """Raises RbsyncError, which says what is wrong with it, for a name that is not known."""
    for name in patterns:
        # A glob may match nothing; a name that is written out and is not there is a mistake.
        if name not in known and _WILD.isdisjoint(name):
            raise RbsyncError(f"{what} `{name}`", hint=hint)
