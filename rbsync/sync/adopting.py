"""Adopt: take over what the project has already."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from rbsync.applier.comparing import differing
from rbsync.applier.recovery import CONFLICT
from rbsync.backends.base import TaskContent
from rbsync.errors import RbsyncError
from rbsync.files.name_patterns import name_pattern
from rbsync.model.datapoint import Datapoint
from rbsync.model.fingerprint import Facet, Fingerprint
from rbsync.model.record import UNKNOWN, Record
from rbsync.sync.declared_dataset import expand
from rbsync.sync.gaps import Gaps
from rbsync.sync.refreshing import correcting, present_project, put
from rbsync.sync.workspace import Workspace

_WILD = frozenset("*?[")
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
    every = {one.name: one for one in dataset.datapoints}
    declared = {name: every[name] for name in chosen(every, patterns)}
    _check_names(patterns, declared, "the manifest does not declare")
    gaps = Gaps(workspace.note)
    with correcting(workspace, timeout) as writer:
        before = writer.records()
        found = {
            one.task.name: _Found(declared[one.task.name], one, before.get(one.task.name))
            for one in gaps.passing(workspace.backend.read())
            if one.task.name in declared
        }
        _check_names(patterns, found, "the project does not have")
        others = [found[name] for name in sorted(found) if not found[name].is_ours]
        adopted = _decided(others, force=force)
        records = _records(adopted, found)
        put(workspace, writer, [one for name, one in records.items() if before.get(name) != one])
        # A state that has a project is not made good from it again, so that it must know all now.
        workspace.first_look.take_in(writer)
    return adopted


def chosen(names: Collection[str], patterns: Sequence[str]) -> Iterator[str]:
    """The names that are given or match; what is a name is no pattern, whatever it looks like."""
    given = frozenset(patterns) & frozenset(names)
    globs = [name_pattern(one) for one in patterns if one not in given]
    for name in names:
        if not patterns or name in given or any(matches(name) for matches in globs):
            yield name


def _check_names(patterns: Sequence[str], known: Mapping[str, object], what: str) -> None:
    for name in patterns:
        # A glob may match nothing; a name that is written out and is not there is a mistake.
        if name not in known and _WILD.isdisjoint(name):
            raise RbsyncError(f"{what} `{name}`", hint=_HINT)


def _decided(others: Sequence[_Found], *, force: bool) -> Adopted:
    recorded: list[str] = []
    forced: list[str] = []
    refused: list[Refused] = []
    for one in others:
        why = one.objection
        if not why:
            recorded.append(one.desired.name)
        # A request that is under way may still land, and would change what was just recorded.
        elif force and not (one.record and one.record.pending):
            forced.append(one.desired.name)
        else:
            refused.append(Refused(one.desired.name, why))
    return Adopted(tuple(recorded), tuple(forced), tuple(refused))


def _records(adopted: Adopted, found: Mapping[str, _Found]) -> dict[str, Record]:
    made = [(name, found[name].desired.fingerprint) for name in adopted.recorded]
    # A fingerprint that equals nothing: the next plan updates all of it.
    made += [(name, UNKNOWN) for name in adopted.forced]
    return {name: Record(name, print_, found[name].content.task.task_id) for name, print_ in made}
