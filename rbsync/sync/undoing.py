"""Undo: a plan that puts back what runs changed."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit

from rbsync.applier.attempts import attempts_in
from rbsync.applier.carried_labels import is_as_carried
from rbsync.applier.snapshot import SignedUrlError, put_back, read_document
from rbsync.backends.base import Backend, Renames, Task, TaskContent
from rbsync.errors import RbsyncError, StoreError, UsageError
from rbsync.files.name_patterns import name_pattern
from rbsync.model.datapoint import REMOTE, Datapoint
from rbsync.model.history import Run
from rbsync.model.plan import Action, Blocked, Create, Move, Plan, Update
from rbsync.model.record import Header, Record
from rbsync.planner.compare import in_order
from rbsync.planner.undo_plan import Reversal, decide_reversal, reversals
from rbsync.reasons import CONFLICT
from rbsync.sync.inspecting import decisions_of, inspected
from rbsync.sync.inspecting_moves import sight_of
from rbsync.sync.known_project import check_project, check_target, known_project
from rbsync.sync.planning import basis_of
from rbsync.sync.serials import certain_header, newest_header
from rbsync.sync.workspace import Workspace
from rbsync.trust.hosts import inner_kind

LOG_HINT = "`rbsync log` lists the runs"
_AGO = re.compile(r"([0-9]+)\s*([smhd])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, slots=True)
class UndoOptions:
    """``run`` is the id of a run or its beginning; ``since`` a time. Without both: the last run.

    ``names`` are names or globs, none for all. ``ours`` and ``theirs`` are names and globs of what
    people changed since: it is put back all the same, or left as it is.
    """

    run: str = ""
    since: str = ""
    names: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()


class Undo(NamedTuple):
    """``plan`` takes back ``runs``, newest first.

    ``continues`` is the id of an undo of them that did not come to its end, empty for none.
    """

    plan: Plan
    runs: tuple[Run, ...]
    continues: str


def make_undo(workspace: Workspace, options: UndoOptions) -> Undo:
    """Plans to put back what runs changed; changes nothing.

    Raises RbsyncError for a run that the history does not have, and StoreError and BackendError.
    """
    project = known_project(workspace)
    check_project(workspace, project)
    check_target(workspace.store.header(), project)
    header = newest_header(workspace.store)
    every = workspace.history.runs()
    chosen, continues = choose(every, options, time.time())
    changes = workspace.history.changes(one.id for one in chosen)
    records = workspace.settling.look(workspace.store.records())
    wanted = [one for one in reversals(changes, every) if _covers(options, one)]
    decided = [_decide(workspace, one, records.get(one.name)) for one in wanted]
    plan = Plan(
        actions=in_order([one for one in decided if one is not None]),
        unchanged=sum(1 for one in decided if one is None),
        dataset=chosen[-1].dataset,
        datapoints=len(wanted),
        basis=basis_of(workspace, header),
        recorded=sum(1 for one in records.values() if one.applied is not None),
    )
    plan = _looked_at(workspace, plan, records, options, header)
    return Undo(plan, tuple(chosen), every[0].id if continues else "")


def end_if_done(workspace: Workspace, undo: Undo) -> None:
    """Writes down that an undo came to its end of which nothing is left. Raises StoreError.

    It died after its last change and before it could say so. Left open, every later undo would
    go on with it, and it could not be taken back itself.
    """
    if not undo.continues or undo.plan.actions:
        return
    history = workspace.history
    (run,) = (one for one in history.runs() if one.id == undo.continues)
    made: dict[str, set[str]] = defaultdict(set)
    for one in history.changes([run.id]):
        made[one.verb].add(one.name)
    history.end(
        replace(
            run,
            ended=time.time(),
            created=len(made["create"]),
            updated=len(made["update"] | made["replace"]),
            deleted=len(made["delete"]),
            exit_code=0,
            moved=len(made["move"]),
        )
    )


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
    # Whoever gives the id of such a run wants the undo itself to be taken back.
    if last.undoes and not last.is_whole and not options.run:
        return [one for one in runs if one.id in last.undoes], True
    # An undo that was cut off and gone on with is two runs, and is taken back as one.
    before = runs[runs.index(last) + 1 :]
    return [last, *(one for one in before if _is_part_of(one, last))], False


def _is_part_of(one: Run, last: Run) -> bool:
    return bool(last.undoes) and one.undoes == last.undoes and not one.is_whole


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


def _covers(options: UndoOptions, reversal: Reversal) -> bool:
    names = [name for name in (reversal.name, reversal.old) if name]
    # People may give the old name of a move, or the new one.
    return not options.names or any(
        name == one or name_pattern(one)(name) for one in options.names for name in names
    )


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
    made: dict[str, object] = {}
    for digest, facets in one.sources:
        document = read_document(workspace.history.content, digest)
        made |= {facet: document[facet] for facet in facets if facet in document}
    if one.was is None or "items" not in made:
        raise StoreError("the history does not have what was there before")
    found = put_back(one.name, made, one.was)
    if not workspace.manifest.trust.allow_private_urls:
        _refuse_inner(found)
    return found


def _refuse_inner(datapoint: Datapoint) -> None:
    """Raises StoreError for items that the service would have to fetch from somebody's network."""
    # A history that came with a stranger's branch says what it likes.
    for one in datapoint.items:
        place = one.content.removeprefix(REMOTE)
        try:
            host = urlsplit(place).hostname or "" if "://" in place else "-"
        except ValueError:
            host = ""
        if kind := inner_kind(host):
            message = f"an item of it was at {kind}, which nobody may be sent to"
            raise StoreError(f"{message} without RBSYNC_ALLOW_PRIVATE_URLS=1")


def _looked_at(
    workspace: Workspace,
    plan: Plan,
    records: Mapping[str, Record],
    options: UndoOptions,
    header: Header | None,
) -> Plan:
    """The plan, with those actions blocked that would take away what people did since."""
    plan = replace(plan, actions=tuple(_possible(workspace, plan, records)))
    # What is theirs stays as it is, and so does what is recorded of it.
    decisions = decisions_of(options.ours, (), (), "block")
    is_theirs = decisions_of((), options.theirs, (), "block").theirs
    certain = partial(certain_header, workspace.store)
    attempts = attempts_in(workspace.history)
    algorithm = workspace.manifest.settings.hash
    seen = inspected(
        workspace.backend, plan, records, decisions, algorithm, header, certain, attempts
    )
    left = [one.name for one in seen.actions if isinstance(one, Blocked) and is_theirs(one.name)]
    kept = tuple(one for one in seen.actions if one.name not in left)
    return replace(seen, actions=kept, unchanged=seen.unchanged + len(left))


def _possible(workspace: Workspace, plan: Plan, records: Mapping[str, Record]) -> Iterator[Action]:
    """The actions; what is not there, or there already, is nothing that can be taken back."""
    over = [one.task_id for one in plan.actions if isinstance(one, Update | Move)]
    present = workspace.backend.look(over)
    made = [one.name for one in plan.actions if isinstance(one, Create | Move)]
    taken = workspace.backend.find(made) if made else {}
    for one in plan.actions:
        if isinstance(one, Create | Move) and _is_other(one, taken.get(one.name)):
            yield Blocked(one.name, CONFLICT, "the project has another datapoint of this name")
        elif isinstance(one, Move) and one.task_id in present:
            record = records.get(one.old)
            yield _moved_back(workspace.backend, one, present[one.task_id], record)
        elif isinstance(one, Update | Move) and one.task_id not in present:
            yield Blocked(one.name, CONFLICT, "the project does not have it any more")
        else:
            yield one


def _is_other(action: Create | Move, task: Task | None) -> bool:
    """Tells whether the name is another task's; that of a move may have been made already."""
    stamp = action.applied if isinstance(action, Move) else None
    return task is not None and (stamp is None or task.stamp != stamp)


def _moved_back(
    backend: Backend, action: Move, found: TaskContent, record: Record | None
) -> Action:
    """A move, unless people have worked on the task since, which would be made anew."""
    # A task that is renamed stays the same one, with all that people did.
    if isinstance(backend, Renames):
        return action
    sight = sight_of(action, found, record)
    if sight is not None and sight.worked and not is_as_carried(found, action.datapoint):
        return Blocked(action.old, CONFLICT, f"{sight.worked} since it was moved")
    return action
