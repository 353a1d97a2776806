"""The options of a plan, and what manifest and backend make of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rbsync.model.plan import OnConflict, OnMove, Policy
from rbsync.model.record import Header, Record
from rbsync.sync.workspace import Workspace


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
    With ``plans_again`` what is found is remembered however much of it is new.
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
    plans_again: bool = False

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
        from rbsync.files.name_patterns import name_pattern

        wanted = [name_pattern(one) for one in self.redo]
        return {
            name: one._replace(declined=()) if any(it(name) for it in wanted) else one
            for name, one in records.items()
        }

    def covers(self, name: str) -> bool:
        """Tells whether the plan covers a name."""
        if self.only is not None and name not in self.only:
            return False
        if self.target is None:
            return True
        from rbsync.files.name_patterns import name_pattern

        return name_pattern(self.target)(name)


def by_policy(options: PlanOptions, workspace: Workspace) -> PlanOptions:
    """The options, as the policy fills in what they leave open."""
    policy = workspace.manifest.settings.policy.refresh
    if options.refresh is None and policy != "auto":
        return replace(options, refresh=policy == "always")
    return options


def policy_of(workspace: Workspace, options: PlanOptions) -> Policy:
    """The manifest's policy, as the options change it."""
    declared = workspace.manifest.settings.policy
    policy = Policy(declared.prune, declared.max_delete, declared.on_change)
    return policy if options.prune is None else replace(policy, prune=options.prune)


def looks(options: PlanOptions, workspace: Workspace) -> bool:
    """Tells whether the project is looked at where something of it would be overwritten."""
    return not (options.offline or workspace.manifest.trust.untrusted)


def may_look(options: PlanOptions, workspace: Workspace) -> bool:
    """Tells whether a state that is missing may be made good from the project."""
    is_cut_off = options.offline or workspace.manifest.trust.untrusted
    may_refresh = workspace.manifest.settings.policy.refresh != "never"
    return options.refresh is None and may_refresh and not is_cut_off


def asks_at_once(workspace: Workspace, header: Header | None, options: PlanOptions) -> bool:
    """Tells whether the project is asked what it is before anything is known to be done.

    A service is not: a plan with nothing to do shall cost it nothing.
    """
    has_state = header is not None and bool(header.target)
    return not options.offline and (workspace.backend.capabilities.at_hand or not has_state)
