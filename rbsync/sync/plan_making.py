"""A plan of what has changed: datapoints and records are compared, and the project is looked at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from rbsync.applier.attempts import attempts_in
from rbsync.backends.base import Project
from rbsync.dataset.notes import Notes
from rbsync.errors import Problem
from rbsync.files.name_patterns import TARGET_HINT
from rbsync.model.datapoint import Dataset
from rbsync.model.packed_records import changed
from rbsync.model.plan import Basis, OnConflict, Plan, names_of
from rbsync.model.record import Header, Record
from rbsync.planner import objection, with_moves
from rbsync.planner import plan as compare
from rbsync.planner.conflicts import Decisions
from rbsync.planner.decide import Rules
from rbsync.stores.base import Mark, Traced
from rbsync.sync.declared_dataset import expand
from rbsync.sync.inspecting import decisions_of, inspected
from rbsync.sync.inspecting_moves import moves_inspected, moving
from rbsync.sync.known_project import project_changes
from rbsync.sync.last_look import note_look
from rbsync.sync.memo import MOST_EXCEPTIONS, Recalled, exceptions_of, remember
from rbsync.sync.overlay import Overlay, overlay
from rbsync.sync.plan_options import PlanOptions, looks, policy_of
from rbsync.sync.saved_plans import left_digest
from rbsync.sync.scope import Scope, part
from rbsync.sync.serials import certain_header
from rbsync.sync.storage_check import check_declared
from rbsync.sync.workspace import Workspace

_NAMES = "`rbsync expand` lists all names"


@dataclass(frozen=True, slots=True)
class Known:
    """The facts that are known before anything is compared.

    ``recalled`` is what is remembered and still holds for a part; ``mark`` the commit of the state
    that the plan is made against. ``is_first`` says that a state that is missing is made good from
    the project, and ``may_recall`` that what is found may be remembered.
    """

    header: Header | None
    basis: Basis
    project: Project | None
    recalled: Recalled | None
    mark: Mark | None
    is_first: bool
    may_recall: bool


def plan_of_changes(workspace: Workspace, options: PlanOptions, known: Known) -> Plan:
    """Compares the dataset, or the part of it that may have changed, with the state."""
    basis = known.basis
    # A part is remembered where it is made; these notes are of a plan of everything.
    notes = Notes(is_wanted=False)
    scope = _part(workspace, options, known)
    if scope is None:
        recorded = workspace.store.records()
        # What is not recorded is an exception of the memo. To remember a million of them takes
        # seconds, which is worth it for who plans again before anything else happens.
        most = None if options.plans_again else len(recorded) + MOST_EXCEPTIONS
        notes = Notes(is_wanted=known.may_recall and not options.offline, most=most)
        scope = Scope(_expand(workspace, options, known, notes), recorded)
    dataset, stored = _decided(workspace, options, scope), scope.records
    is_empty = not (dataset.datapoints or dataset.obstacles or scope.left)
    records = stored if options.offline else workspace.settling.look(stored)
    present = _present(workspace, options, records, dataset, basis.lineage, is_first=known.is_first)
    records = present.records if present else records
    records = options.redone(records)
    # Before anything is left out: a moved file may have an old name that `--target` does not match.
    every = dataset, records
    if not options.is_whole:
        records = {name: one for name, one in records.items() if options.covers(name)}
        dataset = _narrowed(dataset, records, options)
    made = scope.whole(compare(dataset, records, rules_of(workspace, options), basis))
    moves = moving(workspace, options.on_move, options.covers)
    redo = decisions_by(options, workspace.manifest.settings.policy.on_conflict).redo
    made = with_moves(made, every[0], every[1], replace(moves, redo=redo))
    if made.moves:
        records = changed(records, {one.old: every[1][one.old] for one in made.moves})
    # Only of what the plan is about: verifying a million records would cost more than reading them.
    workspace.store.verify([one for one in made.recorded_names if one in stored])
    if present is not None:
        made = present.told(made, frozenset(one.name for one in dataset.datapoints))
    made = _looked_at(workspace, made, records, options, known.header)
    left = left_digest(records, names_of(made.singled_out))
    made = replace(made, basis=replace(basis, left=left), empty=is_empty)
    made = replace(made, refused=objection(made, policy_of(workspace, options)))
    made = replace(made, project=project_changes(workspace, known.project, extends=options.insist))
    # What is told of the project is not remembered, and would be told once.
    if notes.is_wanted and notes.is_quiet and not made.project:
        exceptions = exceptions_of(*every, notes.folders if options.plans_again else ())
        remember(workspace, made, known.project, notes, exceptions, known.mark)
    return made


def _part(workspace: Workspace, options: PlanOptions, known: Known) -> Scope | None:
    """The part that may have changed; None when it is all, or nobody knows."""
    if known.recalled is None or options.offline:
        return None
    make = partial(_expand, workspace, options, known)
    return part(workspace, known.recalled, make, known.basis, known.mark)


def _expand(workspace: Workspace, options: PlanOptions, known: Known, notes: Notes) -> Dataset:
    return expand(workspace, known.project, keep_going=options.keep_going, notes=notes)


def rules_of(workspace: Workspace, options: PlanOptions) -> Rules:
    """Returns what governs the decisions."""
    updates = workspace.backend.capabilities.updates
    return Rules(policy_of(workspace, options), updates, insist=options.insist)


def decisions_by(options: PlanOptions, declared: OnConflict) -> Decisions:
    """Returns what is decided; ``declared`` is what the manifest says of the rest."""
    otherwise = options.on_conflict or declared
    return decisions_of(options.ours, options.theirs, options.redo, otherwise)


def _present(
    workspace: Workspace,
    options: PlanOptions,
    records: Mapping[str, Record],
    dataset: Dataset,
    lineage: str,
    *,
    is_first: bool,
) -> Overlay | None:
    """The project as it is now, where all of it is to be read."""
    if not (options.refresh or is_first):
        return None
    found = (
        overlay(workspace.backend, records, dataset, workspace.note, lineage)
        if options.refresh
        else workspace.first_look.overlay(records, dataset)
    )
    note_look(workspace)
    return found


def _looked_at(
    workspace: Workspace,
    plan: Plan,
    records: Mapping[str, Record],
    options: PlanOptions,
    header: Header | None,
) -> Plan:
    """The plan, once the project was looked at where it would overwrite something."""
    settings = workspace.manifest.settings
    if not looks(options, workspace):
        plan = replace(plan, looked=False)
    else:
        decisions = decisions_by(options, settings.policy.on_conflict)
        certain = partial(certain_header, workspace.store)
        lineage = header.lineage if header else ""
        attempts = attempts_in(workspace.history)
        plan = inspected(
            workspace.backend,
            plan,
            records,
            decisions,
            settings.hash,
            header,
            certain,
            attempts,
            lineage,
        )
        plan = moves_inspected(workspace.backend, plan, records, decisions.ours)
    if options.offline:
        return plan
    return check_declared(workspace, plan, keep_going=options.keep_going)


_GLOB = re.compile(r"[*?\[{]")


def _decided(workspace: Workspace, options: PlanOptions, scope: Scope) -> Dataset:
    """The dataset, with a warning for each name that something is decided about and nothing has."""
    given = (("--ours", options.ours), ("--theirs", options.theirs), ("--redo", options.redo))
    # A pattern may stand in a script for the day on which something matches it.
    wanted = {name: option for option, names in given for name in names if not _GLOB.search(name)}
    dataset = scope.dataset
    if not wanted:
        return dataset
    known = {one.name for one in dataset.datapoints if one.name in wanted}
    known.update(one.name for one in dataset.obstacles)
    left = [name for name in wanted if name not in known and name not in scope.records]
    # Where only a part is compared, the rest is all recorded.
    if left and scope.left and isinstance(workspace.store, Traced):
        recorded = workspace.store.some_records(left)
        left = [name for name in left if name not in recorded]
    told = tuple(
        Problem("empty-target", f"`{wanted[one]}`: no datapoint has the name `{one}`", None, _NAMES)
        for one in left
    )
    return replace(dataset, warnings=dataset.warnings + told) if told else dataset


def _narrowed(dataset: Dataset, records: Mapping[str, Record], options: PlanOptions) -> Dataset:
    """The part that the options cover; ``records`` are those that they cover."""
    datapoints = tuple(one for one in dataset.datapoints if options.covers(one.name))
    obstacles = tuple(one for one in dataset.obstacles if options.covers(one.name))
    warnings = dataset.warnings
    if options.target is not None and not (datapoints or obstacles or records):
        message = f"no datapoint has a name that matches `{options.target}`"
        warnings += (Problem("empty-target", message, hint=TARGET_HINT),)
    return replace(dataset, datapoints=datapoints, obstacles=obstacles, warnings=warnings)
