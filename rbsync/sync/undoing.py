"""Undo: a plan that puts back what runs changed."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from rbsync.applier.overwriting import Check, keep_nothing
from rbsync.applier.snapshot import Document, SignedUrlError, put_back
from rbsync.errors import RbsyncError, StoreError, UsageError
from rbsync.files.name_patterns import name_pattern
from rbsync.model.datapoint import Datapoint
from rbsync.model.fingerprint import Facet
from rbsync.model.history import Run
from rbsync.model.plan import Action, Blocked, Create, Overwriting, Plan, Update
from rbsync.model.record import Record
from rbsync.planner.compare import in_order
from rbsync.planner.undo_plan import Reversal, decide_reversal, reversals
from rbsync.reasons import CONFLICT
from rbsync.sync.planning import basis_of, check_project, check_target
from rbsync.sync.serials import check_newest
from rbsync.sync.workspace import Workspace

LOG_HINT = "`rbsync log` lists the runs"
_AGO = re.compile(r"([0-9]+)\s*([smhd])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, slots=True)
class UndoOptions:
    """``run`` is the id of a run or its beginning; ``since`` a time. Without both: the last run.

    ``names`` are names or globs, none for all.
    """

    run: str = ""
    since: str = ""
    names: tuple[str, ...] = ()


class Undo(NamedTuple):
    """``plan`` takes back ``runs``, newest first; ``continues`` an undo that did not end."""

    plan: Plan
    runs: tuple[Run, ...]
    continues: bool


def make_undo(workspace: Workspace, options: UndoOptions) -> Undo:
    """Plans to put back what runs changed; changes nothing.

    Raises RbsyncError for a run that the history does not have, and StoreError and BackendError.
    """
    header = workspace.store.header()
    project = workspace.backend.describe()
    check_project(workspace, project)
    check_target(header, project)
    check_newest(header)
    every = workspace.history.runs()
    chosen, continues = choose(every, options, time.time())
    changes = workspace.history.changes(one.id for one in chosen)
    records = workspace.settling.look(workspace.store.records())
    wanted = [one for one in reversals(changes, every) if _covers(options, one.name)]
    decided = [_decide(workspace, one, records.get(one.name)) for one in wanted]
    actions = _looked_at(workspace, [one for one in decided if one is not None], records)
    plan = Plan(
        actions=in_order(actions),
        unchanged=sum(1 for one in decided if one is None),
        dataset=chosen[-1].dataset,
        datapoints=len(wanted),
        basis=basis_of(workspace, header),
        recorded=sum(1 for one in records.values() if one.applied is not None),
    )
    return Undo(plan, tuple(chosen), continues)


def choose(runs: Sequence[Run], options: UndoOptions, now: float) -> tuple[list[Run], bool]:
    """The runs to take back, and whether an undo of them was begun and did not end.

    ``runs`` come newest first. Raises RbsyncError when there are none.
    """
    if options.run and options.since:
        raise UsageError("a RUN and --since name different things", hint="give one of them")
    if options.since:
        begin = time_of(options.since, now)
        found = [one for one in runs if one.started >= begin]
        if not found:
            raise RbsyncError(f"no run began since {options.since}", hint=LOG_HINT)
        return found, False
    last = _named(runs, options.run) if options.run else _last(runs)
    if last.undoes and not last.is_whole and not options.run:
        return [one for one in runs if one.id in last.undoes], True
    # An undo that was cut off and gone on with is two runs, and is taken back as one.
    return [one for one in runs if one is last or _is_part_of(one, last)], False


def _is_part_of(one: Run, last: Run) -> bool:
    same = bool(last.undoes) and one.undoes == last.undoes
    return same and one.started < last.started and not one.is_whole


def _last(runs: Sequence[Run]) -> Run:
    if not runs:
        raise RbsyncError("the history has no run yet", hint="the next `rbsync apply` begins it")
    return runs[0]


def _named(runs: Sequence[Run], wanted: str) -> Run:
    found = [one for one in runs if one.id.startswith(wanted)]
    if len(found) != 1:
        what = "no run" if not found else f"{len(found)} runs"
        raise RbsyncError(f"the history has {what} `{wanted}`", hint=LOG_HINT)
    return found[0]


def time_of(text: str, now: float) -> float:
    """A time in seconds since the epoch: ``2h`` ago, or ISO 8601. Raises UsageError."""
    ago = _AGO.fullmatch(text.strip())
    if ago:
        return now - int(ago[1]) * _SECONDS[ago[2]]
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        hint = "for example 2h, 3d, 2026-05-01 or 2026-05-01T08:00Z"
        raise UsageError(f"`{text}` is no time", hint=hint) from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _covers(options: UndoOptions, name: str) -> bool:
    return not options.names or any(name == one or name_pattern(one)(name) for one in options.names)


def _decide(workspace: Workspace, one: Reversal, record: Record | None) -> Action | None:
    try:
        return decide_reversal(one, record, lambda it: _datapoint(workspace, it))
    except SignedUrlError:
        message = "its items had URLs with signatures, which the history does not keep"
        return Blocked(one.name, CONFLICT, message)
    except StoreError as error:
        return Blocked(one.name, CONFLICT, str(error))


def _datapoint(workspace: Workspace, one: Reversal) -> Datapoint:
    """Returns what was there before. Raises StoreError and SignedUrlError."""
    made: dict[Facet, object] = {}
    for digest, facets in one.sources:
        document: Document = json.loads(workspace.history.content(digest))
        made |= {facet: document[facet] for facet in facets if facet in document}
    if one.was is None or "items" not in made:
        raise StoreError("the history does not have what was there before")
    return put_back(one.name, made, one.was)


def _looked_at(
    workspace: Workspace, actions: Sequence[Action], records: Mapping[str, Record]
) -> Iterator[Action]:
    """The actions, with those blocked that would take away what people did since."""
    over = [one for one in actions if isinstance(one, Overwriting)]
    present = workspace.backend.look([one.task_id for one in over])
    made = [one.name for one in actions if isinstance(one, Create)]
    taken = workspace.backend.find(made) if made else {}
    for one in actions:
        if isinstance(one, Create) and one.name in taken:
            yield Blocked(one.name, CONFLICT, "the project has another datapoint of this name")
        elif isinstance(one, Update) and one.task_id not in present:
            yield Blocked(one.name, CONFLICT, "the project does not have it any more")
        elif isinstance(one, Overwriting) and one.task_id in present:
            check = Check(
                one,
                records.get(one.name),
                keep_nothing,
                stamped=workspace.backend.capabilities.stamps,
            )
            facets = one.changed if isinstance(one, Update) else (None,)
            fine = all(check(present[one.task_id], facet) for facet in facets)
            said = check.refusal.message if check.refusal else ""
            yield one if fine else Blocked(one.name, CONFLICT, said)
        else:
            yield one
