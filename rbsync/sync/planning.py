"""Plan: what the project lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from rbsync.applier.attempts import attempts_in
from rbsync.backends.base import Project
from rbsync.dataset.build import build
from rbsync.dataset.notes import Notes
from rbsync.errors import Problem, StateError, UserError
from rbsync.files.name_patterns import name_pattern
from rbsync.labels import read_taxonomy
from rbsync.model.datapoint import Dataset
from rbsync.model.plan import Basis, OnConflict, OnMove, Plan, Policy, names_of
from rbsync.model.record import Header, Record
from rbsync.planner import objection, with_moves
from rbsync.planner import plan as compare
from rbsync.planner.conflicts import Decisions
from rbsync.planner.decide import Rules
from rbsync.sync.inspecting import decisions_of, inspected
from rbsync.sync.inspecting_moves import moves_inspected, moving
from rbsync.sync.known_project import known_project
from rbsync.sync.last_look import note_look, unseen_for
from rbsync.sync.memo import exceptions_of, mark_of, recall, remember
from rbsync.sync.overlay import Overlay, overlay
from rbsync.sync.saved_plans import left_digest
from rbsync.sync.scope import Scope, part
from rbsync.sync.serials import check_newest
from rbsync.sync.storage_check import check_storages
from rbsync.sync.workspace import Workspace

_TARGET_HINT = "`rbsync expand` lists all names; `*` stays between two slashes, `**` goes past them"


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """The options of a plan.

    ``target`` narrows the plan to names that match a glob, ``only`` to the given names.
    ``prune`` overrides the manifest's policy. ``insist`` plans again what the service refused,
    ``refresh`` plans against the project as it is instead of as it was left; False does not even
    make good from the project a state that is missing, and None leaves it to the policy.
    ``offline`` looks at nothing of it. ``redo`` are names or globs of what was taken back, or left
    to others, and is to be done all the same. ``ours`` and ``theirs`` are names and globs of what
    others changed: it is overwritten, or left as it is; ``on_conflict`` says so for the rest,
    before the manifest does. ``on_move``, where it is given, goes before the manifest's too.
    """

    target: str | None = None
    only: frozenset[str] | None = None
    prune: bool | None = None
    keep_going: bool = False
    insist: bool = False
    refresh: bool | None = None
    redo: tuple[str, ...] = ()
    offline: bool = False
    ours: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    on_conflict: OnConflict | None = None
    on_move: OnMove | None = None

    @property
    def is_whole(self) -> bool:
        """Tells whether the plan covers the whole dataset."""
        return self.target is None and self.only is None

    @property
    def may_recall(self) -> bool:
        """Tells whether manifest, files and state tell all that the plan depends on."""
        return self.is_whole and self.refresh is not True and not self.redo

    def redone(self, records: Mapping[str, Record]) -> Mapping[str, Record]:
        """The records, without what they decline of the names to be done again."""
        if not self.redo:
            return records
        wanted = [name_pattern(one) for one in self.redo]
        return {
            name: one._replace(declined=()) if any(it(name) for it in wanted) else one
            for name, one in records.items()
        }

    def decisions(self, declared: OnConflict) -> Decisions:
        """Returns what is decided; ``declared`` is what the manifest says of the rest."""
        otherwise = self.on_conflict or declared
        return decisions_of(self.ours, self.theirs, self.redo, otherwise)

    def covers(self, name: str) -> bool:
        """Tells whether the plan covers a name."""
        if self.only is not None and name not in self.only:
            return False
        return name_pattern(self.target)(name)


def expand(
    workspace: Workspace,
    project: Project | None = None,
    *,
    keep_going: bool = False,
    notes: Notes | None = None,
) -> Dataset:
    """The dataset that the manifest declares. Raises UserError with all problems.

    Where the manifest does not say what the project is, ``project`` does. ``notes`` take what is
    to be remembered of it.
    """
    declared = workspace.manifest.settings.project
    taxonomy = workspace.taxonomy
    # A manifest without a taxonomy is checked against that of the project, or the service would
    # refuse what the plan promised.
    if project is not None and not taxonomy.categories:
        taxonomy = read_taxonomy(list(project.categories))
    return build(
        workspace.manifest,
        workspace.inputs,
        project_type=declared.type or (project.type if project else ""),
        taxonomy=taxonomy,
        keep_going=keep_going,
        notes=notes,
    )


def make_plan(workspace: Workspace, options: PlanOptions | None = None) -> Plan:
    """Compares the dataset with the state.

    Changes nothing but what is remembered of files. Raises UserError, StoreError, and
    BackendError when the project does not say what it is, or is to be read and cannot.
    """
    options = by_policy(options or PlanOptions(), workspace)
    header = workspace.store.header()
    check_newest(header)
    asks = _asks_at_once(workspace, header, options)
    project = described(workspace, header) if asks else None
    may_look = asks and _may_look(options, workspace)
    is_first = may_look and workspace.first_look.is_called_for(header, project)
    basis = basis_of(workspace, header)
    # `--rehash` is given by those who do not believe size and time, on which the memo rests. And
    # without a state nothing tells whether the project still is as it was then.
    may_recall = options.may_recall and not workspace.inputs.tree.rehashes and not is_first
    may_recall = may_recall and workspace.store.is_settled()
    mark = mark_of(workspace, header) if may_recall else None
    known = recall(workspace, basis, project, asked=asks) if may_recall else None
    if known is not None and known.is_all:
        told = known.memo.remembered.warnings(workspace.inputs.tree, workspace.manifest.file)
        made = known.memo.plan(basis, told)
        return _told(replace(made, looked=_looks(options, workspace)), workspace)
    if not asks and not options.offline:
        project = described(workspace, header)
    make = partial(expand, workspace, project, keep_going=options.keep_going)
    scope = None
    if may_recall and not options.offline:
        known = known if asks else recall(workspace, basis, project, asked=True)
        scope = known and part(workspace, known, lambda notes: make(notes=notes), basis, mark)
    is_remembered = scope is None and may_recall and not options.offline
    notes = Notes(is_wanted=is_remembered)
    scope = scope or Scope(make(notes=notes), workspace.store.records())
    dataset, stored = scope.dataset, scope.records
    is_empty = not (dataset.datapoints or dataset.obstacles or scope.left)
    records = stored if options.offline else workspace.settling.look(stored)
    present = _present(workspace, options, records, dataset, is_first=is_first)
    records = present.records if present else records
    records = options.redone(records)
    every = dataset, records
    if not options.is_whole:
        records = {name: one for name, one in records.items() if options.covers(name)}
        dataset = _narrowed(dataset, records, options)
    made = scope.whole(compare(dataset, records, rules_of(workspace, options), basis))
    moves = moving(workspace, options.on_move, options.covers)
    redo = options.decisions(workspace.manifest.settings.policy.on_conflict).redo
    made = with_moves(made, every[0], every[1], replace(moves, redo=redo))
    records = {**records, **{one.old: every[1][one.old] for one in made.moves}}
    # Only of what the plan is about: verifying a million records would cost more than reading them.
    workspace.store.verify(made.names.intersection(stored))
    if present is not None:
        made = present.told(made, frozenset(one.name for one in dataset.datapoints))
    made = _looked_at(workspace, made, records, options, header)
    left = left_digest(records, names_of(made.actions))
    made = replace(made, basis=replace(basis, left=left), empty=is_empty)
    made = replace(made, refused=objection(made, policy_of(workspace, options)))
    if is_remembered:
        remember(workspace, made, project, notes, exceptions_of(*every), mark)
    return _told(made, workspace)


def _present(
    workspace: Workspace,
    options: PlanOptions,
    records: Mapping[str, Record],
    dataset: Dataset,
    *,
    is_first: bool,
) -> Overlay | None:
    """The project as it is now, where all of it is to be read."""
    if not (options.refresh or is_first):
        return None
    found = (
        overlay(workspace.backend, records, dataset)
        if options.refresh
        else workspace.first_look.overlay(records, dataset)
    )
    note_look(workspace)
    return found


def _told(plan: Plan, workspace: Workspace) -> Plan:
    """A plan with what is no part of it, and is good to know for who made it."""
    return replace(plan, source=workspace.manifest.file, unseen_for=unseen_for(workspace))


def _looked_at(
    workspace: Workspace,
    plan: Plan,
    records: Mapping[str, Record],
    options: PlanOptions,
    header: Header | None,
) -> Plan:
    """The plan, once the project was looked at where it would overwrite something."""
    settings = workspace.manifest.settings
    if not _looks(options, workspace):
        plan = replace(plan, looked=False)
    else:
        decisions = options.decisions(settings.policy.on_conflict)
        certain = header if workspace.store.is_settled() else None
        attempts = attempts_in(workspace.history)
        plan = inspected(
            workspace.backend, plan, records, decisions, settings.hash, certain, attempts
        )
        plan = moves_inspected(workspace.backend, plan, records, decisions.ours)
    if options.offline:
        return plan
    return check_storages(workspace.backend, plan, keep_going=options.keep_going)


def _looks(options: PlanOptions, workspace: Workspace) -> bool:
    """Tells whether the project is looked at where something of it would be overwritten."""
    return not (options.offline or workspace.manifest.trust.untrusted)


def _asks_at_once(workspace: Workspace, header: Header | None, options: PlanOptions) -> bool:
    """Tells whether the project is asked what it is before anything is known to be done.

    A service is not: a plan with nothing to do shall cost it nothing.
    """
    has_state = header is not None and bool(header.target)
    return not options.offline and (workspace.backend.capabilities.at_hand or not has_state)


def _may_look(options: PlanOptions, workspace: Workspace) -> bool:
    """Tells whether a state that is missing may be made good from the project."""
    is_cut_off = options.offline or workspace.manifest.trust.untrusted
    may_refresh = workspace.manifest.settings.policy.refresh != "never"
    return options.refresh is None and may_refresh and not is_cut_off


def by_policy(options: PlanOptions, workspace: Workspace) -> PlanOptions:
    """The options, as the policy fills in what they leave open."""
    policy = workspace.manifest.settings.policy.refresh
    if options.refresh is None and policy != "auto":
        return replace(options, refresh=policy == "always")
    return options


def described(workspace: Workspace, header: Header | None) -> Project | None:
    """The project, once it is known to be the one that manifest and state speak of."""
    project = known_project(workspace)
    check_project(workspace, project)
    check_target(header, project)
    return project


def rules_of(workspace: Workspace, options: PlanOptions) -> Rules:
    """Returns what governs the decisions."""
    updates = workspace.backend.capabilities.updates
    return Rules(policy_of(workspace, options), updates, insist=options.insist)


def policy_of(workspace: Workspace, options: PlanOptions) -> Policy:
    """The manifest's policy, as the options change it."""
    declared = workspace.manifest.settings.policy
    policy = Policy(declared.prune, declared.max_delete, declared.on_change)
    return policy if options.prune is None else replace(policy, prune=options.prune)


def basis_of(workspace: Workspace, header: Header | None) -> Basis:
    """Returns what a plan made now is made against."""
    digest = workspace.manifest.digest
    if header is None:
        return Basis("", 0, digest)
    return Basis(header.lineage, header.serial, digest, header.target)


def check_project(workspace: Workspace, project: Project | None) -> None:
    """Raises UserError when the project is of another type than the manifest says."""
    declared = workspace.manifest.settings.project.type
    if project is None or not declared or project.type in ("", declared):
        return
    where = workspace.manifest.locate(("project", "type"))
    message = f"the project is of type {project.type}, not {declared}"
    raise UserError([Problem("project-type", message, where, "correct the type")])


def check_target(header: Header | None, project: Project | None) -> None:
    """Raises StateError when the state belongs to another project than the manifest names."""
    if header is None or not header.target:
        return
    if project is None:
        raise StateError(
            f"the state belongs to the project {header.target}, which is not there any more",
            hint="put the project back, or remove .rbsync/state.db to start anew",
        )
    if project.identity != header.target:
        raise StateError(
            f"the state belongs to the project {header.target}, and the manifest names "
            f"{project.identity}",
            hint="use a folder of its own for each project, or remove .rbsync/state.db",
        )


def _narrowed(dataset: Dataset, records: Mapping[str, Record], options: PlanOptions) -> Dataset:
    """The part that the options cover; ``records`` are those that they cover."""
    datapoints = tuple(one for one in dataset.datapoints if options.covers(one.name))
    obstacles = tuple(one for one in dataset.obstacles if options.covers(one.name))
    warnings = dataset.warnings
    if options.target is not None and not (datapoints or obstacles or records):
        message = f"no datapoint has a name that matches `{options.target}`"
        warnings += (Problem("empty-target", message, hint=_TARGET_HINT),)
    return replace(dataset, datapoints=datapoints, obstacles=obstacles, warnings=warnings)
