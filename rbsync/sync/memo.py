"""The finds of a plan, remembered, so that the next one looks only at what has changed since.

The memo speaks of a manifest, a project, and the folders and files that were looked at: the names
in a folder, and each file's size, times and inode. Folders are compared as bytes and no value is
made for a file. Of the state it speaks up to one commit: that a folder is as it was says nothing of
the records, so that what was recorded since is planned again, and so is what was not done then.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple

from rbsync.backends.base import Project
from rbsync.dataset.notes import Notes, PackedSource
from rbsync.dataset.remembered import Remembered, seen_now
from rbsync.dataset.unit_rows import Packed
from rbsync.dataset.units import UnitKey
from rbsync.errors import Problem
from rbsync.files.part import NotInPartsError
from rbsync.files.tree import Tree
from rbsync.model.datapoint import Datapoint, Dataset
from rbsync.model.packed import Datapoints, names_in_parts
from rbsync.model.packed_records import names_beside
from rbsync.model.plan import Basis, Plan
from rbsync.model.record import Header, Record
from rbsync.stores.base import Mark, Traced
from rbsync.sync.remembered_members import (
    Written,
    id_of,
    key_of,
    remembered_in,
    remembered_json,
)
from rbsync.sync.saved_plans import left_digest
from rbsync.sync.workspace import Workspace
from rbsync.version import VERSION

KEY = "last plan"
MOST_EXCEPTIONS = 20_000
"""With more of them the next plan is as quick without a memo."""

MOST_OF_UNIT = 100
"""Exceptions of a folder above which all of it is one: the names of a burst would be megabytes."""

_PROJECT = 4
"""Where the facts of the project are in the basis."""


Units = Iterable[tuple[UnitKey, Packed | None]]
"""Units to be remembered; None for one to be forgotten."""


@dataclass
class Memo:
    """The remembered plan. ``basis`` is what it depends on beside files and records.

    ``mark`` is the commit of the state that it speaks of, and ``exceptions`` are the names that
    were not recorded then as they were declared, or not declared at all; ``open_units`` those units
    of which many were not. ``written`` is the manifest that its places are of, and ``text`` how the
    cache keeps it.
    """

    basis: list[object]
    serial: int
    mark: Mark | None
    exceptions: frozenset[str]
    dataset: str
    remembered: Remembered
    written: Written
    text: str = ""
    open_units: tuple[UnitKey, ...] = ()

    @property
    def number_open(self) -> int:
        """The number of datapoints in units of which many were not recorded as declared."""
        return sum(self.remembered.units[key].count for key in self.open_units)

    def holds(self, basis: list[object], *, asked: bool) -> bool:
        """Tells whether all is as it was but files and records.

        A project that was not ``asked`` what it is counts for what it was.
        """
        if asked:
            return self.basis == basis
        return _without_project(self.basis) == _without_project(basis)

    def wanted(self, workspace: Workspace, basis: Basis) -> frozenset[str] | None:
        """The names to be planned again whatever their files are; None when nobody knows them."""
        store = workspace.store
        if isinstance(store, Traced) and self.mark is not None:
            changed = store.changed_since(self.mark)
            return None if changed is None else changed | self.exceptions
        # A store that does not know what its commits changed knows whether there was one.
        return self.exceptions if self.serial == basis.serial else None

    def plan(self, basis: Basis, warnings: tuple[Problem, ...] = ()) -> Plan:
        """The plan with nothing to do."""
        count = self.remembered.count
        return Plan(
            actions=(),
            unchanged=count,
            dataset=self.dataset,
            datapoints=count,
            basis=replace(basis, left=left_digest({}, ())),
            warnings=warnings,
            recorded=count,
        )


@dataclass
class Recalled:
    """A memo that holds but for what has changed since."""

    memo: Memo
    wanted: frozenset[str]
    workspace: Workspace

    @cached_property
    def changed(self) -> list[str]:
        """The folders and files that are not as they were; asked once, for it looks at all."""
        inputs = self.workspace.inputs
        return self.memo.remembered.changed(inputs.tree, lambda: inputs.executor)

    @property
    def is_all(self) -> bool:
        """Tells whether nothing is to be planned again."""
        memo = self.memo
        is_done = not (self.wanted or memo.open_units or memo.remembered.unsettled)
        return is_done and not self.changed


def recall(
    workspace: Workspace, basis: Basis, project: Project | None, *, asked: bool
) -> Recalled | None:
    """The memo, where it still holds; None when it is nothing."""
    text = workspace.inputs.cache.memo(KEY)
    memo = None if text is None else _read(text)
    if memo is None or not memo.holds(_basis(workspace, basis, project), asked=asked):
        return None
    memo = _in_place(workspace, memo)
    wanted = memo.wanted(workspace, basis) if memo else None
    return None if memo is None or wanted is None else Recalled(memo, wanted, workspace)


def _in_place(workspace: Workspace, memo: Memo) -> Memo | None:
    """The memo with the places of the manifest as it is written now; None where nobody knows."""
    manifest = workspace.manifest
    moved = memo.written.moved(memo.remembered, manifest)
    if moved is None or moved is memo.remembered:
        return memo if moved else None
    now = replace(memo, remembered=moved, written=Written.of(manifest, moved))
    now = replace(now, text=_text(now))
    # The next plan need not read two manifests for it.
    put(workspace, now, (), after=memo.text)
    return now


def mark_of(workspace: Workspace, header: Header | None) -> Mark | None:
    """The commit of the state that a plan is about to be made against, where it is known."""
    store = workspace.store
    mark = store.mark() if isinstance(store, Traced) else None
    # A commit since then may have changed anything.
    return mark if mark and header and mark.serial == header.serial else None


def remember(
    workspace: Workspace,
    plan: Plan,
    project: Project | None,
    notes: Notes,
    exceptions: Exceptions,
    mark: Mark | None,
) -> None:
    """Remembers a plan that was made of everything."""
    tree = workspace.inputs.tree
    if not is_certain(tree, notes, plan.datapoints) or len(exceptions.names) > MOST_EXCEPTIONS:
        return
    remembered = remembered_of(tree, notes)
    memo = Memo(
        _basis(workspace, plan.basis, project),
        plan.basis.serial,
        mark,
        exceptions.names,
        plan.dataset,
        remembered,
        Written.of(workspace.manifest, remembered),
        open_units=exceptions.units,
    )
    put(workspace, memo, notes.packed.items(), after="")


def is_certain(tree: Tree, notes: Notes, datapoints: int) -> bool:
    """Tells whether what was seen may be remembered."""
    return notes.is_quiet and bool(datapoints) and not tree.has_missed


def remembered_of(tree: Tree, notes: Notes) -> Remembered:
    """The memory of a tree that was looked at as a whole."""
    return Remembered(
        {path: seen_now(tree, path) for path in tree.folders()},
        frozenset(tree.reads()),
        tree.rules(),
        notes.summaries,
        notes.seeking,
        notes.strays,
        notes.held,
        {key: frozenset(rows) for key, rows in notes.unsettled.items()},
        notes.matched,
    )


def put(workspace: Workspace, memo: Memo, packed: Units, *, after: str) -> None:
    """Writes a memo with its units; ``after`` is the text of the one that it follows."""
    put_units(workspace, KEY, _text(memo), packed, after=after)


def put_units(
    workspace: Workspace,
    key: str,
    text: str,
    packed: Units,
    *,
    after: str,
) -> None:
    """Writes units with the text that speaks of all of them."""
    units = ((id_of(unit), columns) for unit, columns in packed)
    workspace.inputs.cache.put_units(key, text, units, after=after)


def check_present(workspace: Workspace, key: str, text: str) -> None:
    """Raises NotInPartsError where another run has remembered something since.

    What was loaded of units then need not be what the text speaks of.
    """
    if workspace.inputs.cache.memo(key) != text:
        raise NotInPartsError("another run has remembered what it saw")


def load_unit(workspace: Workspace, key: UnitKey) -> Packed | None:
    """The rows of a unit as the cache has them."""
    columns = workspace.inputs.cache.unit(id_of(key))
    return Packed(*columns) if columns else None


class Exceptions(NamedTuple):
    """The names that are not recorded as declared, and the units of which that is said of many."""

    names: frozenset[str]
    units: tuple[UnitKey, ...] = ()


def exceptions_of(
    dataset: Dataset, records: Mapping[str, Record], folders: Sequence[PackedSource] = ()
) -> Exceptions:
    """The names that are not recorded as they are declared, or not declared at all.

    Those of ``folders``, which are units of all that is packed, may be told by the unit.
    """
    found = names_beside(records, names_in_parts(dataset.datapoints))
    units: list[UnitKey] = []
    every = dataset.datapoints
    singles = every.singles if folders and isinstance(every, Datapoints) else every
    packed = (((source, points.folder), points) for source, points in folders)
    parts: Iterable[tuple[UnitKey, Iterable[Datapoint]]] = chain([((0, None), singles)], packed)
    for key, points in parts:
        # One by one, for of a million datapoints that are made when they are asked for none is
        # kept.
        missing = set[str]()
        for one in points:
            if not _is_plain(records.get(one.name), one.fingerprint):
                missing.add(one.name)
        if key[1] is not None and len(missing) > MOST_OF_UNIT:
            units.append(key)
        else:
            found |= missing
    return Exceptions(frozenset(found), tuple(units))


def _is_plain(record: Record | None, declared: object) -> bool:
    """Tells whether a record says that its datapoint is as declared, and nothing else."""
    return record is not None and record.applied == declared and record.is_plain


def _without_project(basis: list[object]) -> list[object]:
    return [*basis[:_PROJECT], *basis[_PROJECT + 1 :]]


def _basis(workspace: Workspace, basis: Basis, project: Project | None) -> list[object]:
    """All that a plan depends on beside files and records; as JSON, as it is read again."""
    known = [project.identity, project.type, *project.categories] if project else None
    # What was allowed then may not be allowed now.
    trust = workspace.manifest.trust
    limits = [trust.max_pixels, trust.max_labels]
    allowed = [trust.allow_private_urls, *limits, *workspace.manifest.settings.roots]
    # Warnings name the manifest as whoever ran rbsync spelt it, and are remembered so.
    file = workspace.manifest.file
    # Another version of rbsync may read the same files in another way.
    said = workspace.manifest.meaning
    return [VERSION, basis.lineage, said, basis.target, known, allowed, file]


def _text(memo: Memo) -> str:
    return json.dumps(
        {
            "basis": memo.basis,
            "serial": memo.serial,
            "mark": memo.mark,
            "exceptions": sorted(memo.exceptions),
            "open_units": [id_of(key) for key in memo.open_units],
            "dataset": memo.dataset,
            "written": memo.written,
            **remembered_json(memo.remembered),
        }
    )


def _read(text: str) -> Memo:
    found: dict[str, Any] = json.loads(text)
    return Memo(
        found["basis"],
        found["serial"],
        Mark(*found["mark"]) if found["mark"] else None,
        frozenset(found["exceptions"]),
        found["dataset"],
        remembered_in(found),
        Written(*found.get("written", ("", ""))),
        text,
        # An earlier version of rbsync wrote none. Its memo is read before it is seen not to hold.
        tuple(key_of(*one) for one in found.get("open_units", ())),
    )
