"""Plan: what the project lacks."""

from __future__ import annotations

from dataclasses import replace

from rbsync.model.plan import Basis, Plan
from rbsync.model.record import Header
from rbsync.sync.known_project import described
from rbsync.sync.last_look import unseen_for
from rbsync.sync.memo import mark_of, recall
from rbsync.sync.plan_options import PlanOptions, asks_at_once, by_policy, looks, may_look
from rbsync.sync.serials import newest_header
from rbsync.sync.workspace import Workspace


def make_plan(workspace: Workspace, options: PlanOptions | None = None) -> Plan:
    """Compares the dataset with the state.

    Changes nothing but what is remembered of files. Raises UserError, StoreError, and
    BackendError when the project does not say what it is, or is to be read and cannot.
    """
    options = by_policy(options or PlanOptions(), workspace)
    header = newest_header(workspace.store)
    asks = asks_at_once(workspace, header, options)
    project = described(workspace, header) if asks else None
    is_first = asks and may_look(options, workspace)
    is_first = is_first and workspace.first_look.is_called_for(header, project)
    basis = basis_of(workspace, header)
    # `--rehash` is given by those who do not believe size and time, on which the memo rests. And
    # without a state nothing tells whether the project still is as it was then.
    may_recall = options.may_recall and not workspace.inputs.tree.rehashes and not is_first
    may_recall = may_recall and workspace.store.is_settled()
    mark = mark_of(workspace, header) if may_recall else None
    known = recall(workspace, basis, project, asked=asks) if may_recall else None
    # A name that something is decided about and nothing has is told, whatever there is to do.
    is_decided = bool(options.ours or options.theirs)
    if known is not None and known.is_all and not is_decided:
        told = known.memo.remembered.warnings(workspace.inputs.tree, workspace.manifest.file)
        made = known.memo.plan(basis, told)
        return _told(replace(made, looked=looks(options, workspace)), workspace)
    # Half of rbsync is for what has changed: to load it takes longer than to see that nothing has.
    from rbsync.sync.plan_making import Known, plan_of_changes

    if not asks and not options.offline:
        project = described(workspace, header)
    if may_recall and not asks and not options.offline:
        known = recall(workspace, basis, project, asked=True)
    facts = Known(header, basis, project, known, mark, is_first=is_first, may_recall=may_recall)
    return _told(plan_of_changes(workspace, options, facts), workspace)


def _told(plan: Plan, workspace: Workspace) -> Plan:
    """A plan with what is no part of it, and is good to know for who made it."""
    return replace(plan, source=workspace.manifest.file, unseen_for=unseen_for(workspace))


def basis_of(workspace: Workspace, header: Header | None) -> Basis:
    """Returns what a plan made now is made against."""
    digest = workspace.manifest.digest
    if header is None:
        return Basis("", 0, digest)
    return Basis(header.lineage, header.serial, digest, header.target)
