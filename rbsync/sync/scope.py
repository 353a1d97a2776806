"""The names that a plan compares: all datapoints and records, or only those that may have changed.

Which those are follows from what the last plan remembered. The plan is the same either way.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import NamedTuple

from rbsync.dataset.changes_since import changes_of
from rbsync.dataset.notes import Notes
from rbsync.dataset.partial_expansion import Folds, expansion_of, loaded
from rbsync.dataset.remembered import Remembered
from rbsync.dataset.taking_up import TakenUp, TakingUp
from rbsync.dataset.units import UnitKey
from rbsync.errors import UserError
from rbsync.files.part import NotInPartsError
from rbsync.model.datapoint import Dataset
from rbsync.model.fingerprint import Algorithm, entry_digest, of_sum
from rbsync.model.plan import Basis, Plan
from rbsync.model.record import Record
from rbsync.stores.base import Mark, Traced
from rbsync.sync.memo import (
    KEY,
    Recalled,
    check_present,
    exceptions_of,
    load_unit,
    put,
)
from rbsync.sync.remembered_members import Written, key_of
from rbsync.sync.workspace import Workspace

Expand = Callable[[Notes], Dataset]
"""Makes the dataset, or its part that the tree looks at, and takes notes."""


@dataclass(frozen=True)
class Scope:
    """The datapoints and records to be compared. ``left`` datapoints beside them are as recorded.

    ``digest`` is that of the whole dataset.
    """

    dataset: Dataset
    records: Mapping[str, Record]
    left: int = 0
    digest: str = ""

    def whole(self, plan: Plan) -> Plan:
        """A plan that was made of the part, with what is left as it is."""
        if not self.left:
            return plan
        return replace(
            plan,
            unchanged=plan.unchanged + self.left,
            datapoints=plan.datapoints + self.left,
            recorded=plan.recorded + self.left,
            dataset=self.digest,
        )


def part(
    workspace: Workspace, recalled: Recalled, expand: Expand, basis: Basis, mark: Mark | None
) -> Scope | None:
    """The part that may have changed since something was remembered; None when it is all.

    What was found of the part is remembered with the rest.
    """
    tree = workspace.inputs.tree
    try:
        return _part(workspace, recalled, expand, basis, mark)
    # What is wrong is told by the plan that knows of all that is wrong.
    except (NotInPartsError, UserError):
        return None
    finally:
        tree.part = None


def _part(
    workspace: Workspace, recalled: Recalled, expand: Expand, basis: Basis, mark: Mark | None
) -> Scope:
    store = workspace.store
    if not isinstance(store, Traced):
        raise NotInPartsError("the store does not read single records")
    remembered = recalled.memo.remembered
    wanted = _not_as_seen(workspace, store, recalled)
    # A task that was being moved when a run was cut off, and whose file is back under the old name.
    begun = store.some_records(wanted).values()
    wanted = wanted.union(one.old_name for one in begun if one.old_name)
    again = expanded_again(workspace, remembered, recalled.changed, wanted, expand)
    check_present(workspace, KEY, recalled.memo.text)
    dataset, taken = again.dataset, again.taken
    # Also names that the part had before: what is declared no more has a record, and is an orphan.
    names = again.before.union(wanted, (one.name for one in dataset.datapoints))
    records = store.some_records(names)
    count = taken.remembered.count
    tree = workspace.inputs.tree
    digest = of_sum(taken.remembered.total, tree.algorithm)
    told = replace(dataset, warnings=taken.remembered.warnings(tree, workspace.manifest.file))
    exceptions = exceptions_of(dataset, records).names
    _remember(workspace, recalled, taken, exceptions, digest, basis, mark)
    return Scope(told, records, count - len(dataset.datapoints), digest)


_TOO_MANY = "so many names are planned packed"
_TOGETHER = 1000
"""Records that are read at one time: of a burst of files all of them would be 600 bytes each."""


def _not_as_seen(workspace: Workspace, store: Traced, recalled: Recalled) -> frozenset[str]:
    """The names that may not be recorded just as they were seen the last time.

    After a burst of creates nearly all are. What was seen is not made again for that.
    """
    memo, left = recalled.memo, set(recalled.wanted)
    # Nothing else can have been recorded since: before an apply this spares reading all units.
    if memo.number_open - len(left) > memo.remembered.most_in_parts:
        raise NotInPartsError(_TOO_MANY)
    seen = _digests(workspace, memo.open_units, frozenset(left))
    while some := dict(islice(seen, _TOGETHER)):
        _settle(left, some, store.some_records(some), workspace.inputs.tree.algorithm)
    if len(left) > memo.remembered.most_in_parts:
        raise NotInPartsError(_TOO_MANY)
    return frozenset(left)


def _digests(
    workspace: Workspace, open_units: Collection[UnitKey], names: frozenset[str]
) -> Iterator[tuple[str, bytes]]:
    """Yields names with their digests as they were seen: of open units all, of others some."""
    folds = Folds(lambda: _folds(workspace))
    for key in {*open_units, *(folds.keys_with(names) if names else ())}:
        unit = loaded(partial(load_unit, workspace), key)
        yield from unit.every_digest() if key in open_units else unit.digests_of(names)


def _settle(
    left: set[str],
    seen: Mapping[str, bytes],
    records: Mapping[str, Record],
    algorithm: Algorithm,
) -> None:
    """Takes names out that are recorded as they were seen, and others in; ``seen`` are digests."""
    for name, digest in seen.items():
        record = records.get(name)
        if record and record.is_plain and digest == _digest_of(record, algorithm):
            left.discard(name)
        else:
            left.add(name)


def _digest_of(record: Record, algorithm: Algorithm) -> bytes:
    applied = record.applied
    return entry_digest(record.name, applied, algorithm) if applied else b""


class Again(NamedTuple):
    """A part that was expanded again.

    ``places`` are the names that it had before, with the paths that they were found at, if any.
    """

    dataset: Dataset
    places: Mapping[str, str]
    taken: TakenUp

    @property
    def before(self) -> frozenset[str]:
        """The names that the part had before."""
        return frozenset(self.places)


def expanded_again(
    workspace: Workspace,
    remembered: Remembered,
    changed: Iterable[str],
    wanted: Collection[str],
    expand: Expand,
) -> Again:
    """Expands what may be other than it was seen, and the names that are wanted whatever they are.

    The tree looks at nothing but the part until somebody sets `Tree.part` back. Raises
    NotInPartsError, and what ``expand`` raises.
    """
    tree = workspace.inputs.tree
    changes = changes_of(remembered, tree, changed)
    folds = Folds(lambda: _folds(workspace))

    load = partial(load_unit, workspace)
    expansion = expansion_of(remembered, changes, tree, wanted, load, folds)
    notes = Notes(is_wanted=True, again=expansion.again(remembered))
    dataset = expand(notes)
    # What was remembered of a file that could not be read would count as known the next time.
    if not notes.is_quiet or tree.has_missed:
        raise NotInPartsError("there is something to tell")
    origins = [one.location for one in workspace.manifest.sources()]
    taking_up = TakingUp(remembered, changes, expansion, notes, tree, load, folds, origins)
    taking_up.check()
    places = {row.name: _path(key[1], file) for key, file, row in expansion.old_rows()}
    return Again(dataset, places, taking_up.taken_up())


def _path(folder: str | None, file: str) -> str:
    """The path that a row was found at; empty where it was not found by a file."""
    if folder is None:
        return ""
    return f"{folder}/{file}" if folder else file


def _folds(workspace: Workspace) -> list[tuple[UnitKey, array[int]]]:
    found = workspace.inputs.cache.folds()
    if found is None:
        raise NotInPartsError("what is remembered of names is not as it was written")
    return [(key_of(*unit), array("Q", folds)) for unit, folds in found]


def _remember(
    workspace: Workspace,
    recalled: Recalled,
    taken: TakenUp,
    exceptions: frozenset[str],
    digest: str,
    basis: Basis,
    mark: Mark | None,
) -> None:
    memo = replace(
        recalled.memo,
        serial=basis.serial,
        mark=mark,
        exceptions=exceptions,
        open_units=(),
        dataset=digest,
        remembered=taken.remembered,
        written=Written.of(workspace.manifest, taken.remembered),
    )
    put(workspace, memo, taken.packed, after=recalled.memo.text)
