"""The check that a plan's storages exist, made before anything is sent to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from rbsync.backends.base import Backend, KnowsBuckets
from rbsync.errors import Problem, UserError
from rbsync.model.datapoint import Datapoint
from rbsync.model.plan import Action, Actions, Blocked, Create, Delete, Plan
from rbsync.model.storages import is_built_in
from rbsync.reasons import INVALID, NEW
from rbsync.sync.bucket_listing import declared_buckets
from rbsync.sync.key_check import key_faults, sent_objects
from rbsync.sync.workspace import Workspace

CODE = "unknown-storage"


def check_declared(workspace: Workspace, plan: Plan, *, keep_going: bool = False) -> Plan:
    """As `check_storages`, with the buckets that the manifest names."""
    manifest = workspace.manifest
    return check_storages(
        workspace.backend,
        plan,
        keep_going=keep_going,
        declared=declared_buckets(manifest),
        reads=manifest.settings.check != "none",
    )


def check_storages(
    backend: Backend,
    plan: Plan,
    *,
    keep_going: bool,
    declared: Mapping[str, Sequence[str]] = {},
    reads: bool = True,
) -> Plan:
    """The plan, if it uses only storages that there are, and that lead to its buckets.

    ``declared`` are the buckets whose keys the items are, by the ids of the storages. ``reads``
    says that an object of each is asked for too.

    Raises UserError for others, or blocks what uses them when it is to ``keep_going``. Raises
    BackendError when the service does not say which there are.
    """
    used = {storage for one in _examples(plan) for storage in _storages(one)}
    unknown = dict(unknown_storages(backend, used)) if used else {}
    # A list may name objects too, which the manifest knows nothing of.
    listed = {one.settings.storage for one in sent_objects(_examples(plan))} | {*declared}
    listed &= used - {*unknown}
    if listed and isinstance(backend, KnowsBuckets):
        known = backend.buckets()
        named = {one: declared[one] for one in sorted(listed) if one in declared}
        unknown.update(_led_elsewhere(named, known))
        left = {one: known[one] for one in listed if one in known and one not in unknown}
        if left and reads:
            faults = key_faults(backend, _examples(plan), left)
            unknown.update(faults.wrong)
            plan = replace(plan, warnings=(*plan.warnings, *faults.unseen))
    if not unknown:
        return plan
    if not keep_going:
        raise UserError(list(_problems(plan, unknown)))
    actions = [_blocked(one, unknown) for one in plan.actions]
    blocked = sorted((one for one in actions if isinstance(one, Blocked)), key=lambda one: one.name)
    others = (one for one in actions if not isinstance(one, Blocked))
    return replace(plan, actions=(*others, *blocked))


def _led_elsewhere(
    listed: Mapping[str, Sequence[str]], known: Mapping[str, str]
) -> Iterator[tuple[str, Problem]]:
    """Yields storages whose bucket is another one than one of those that were listed.

    The same keys may be in both: people would be given images of other patients.
    """
    for storage, buckets in listed.items():
        leads_to = known.get(storage)
        others = [one for one in buckets if leads_to and one != leads_to]
        if others:
            bucket = others[0]
            message = f"the storage {storage} leads to the bucket `{leads_to}`, not to `{bucket}`"
            hint = f"name the storage that leads to `{bucket}`, or list `{leads_to}`"
            yield storage, Problem("other-bucket", message, hint=hint)


def unknown_storages(backend: Backend, used: set[str]) -> Mapping[str, Problem]:
    """Returns what is wrong with each storage that is not there."""
    # Asked only when a plan uses a bucket, which most do not.
    known = backend.storages()
    if known is None:
        return {}
    others = ", ".join(
        f"{one} ({name})" if name not in ("", one) else one for one, name in sorted(known.items())
    )
    hint = f"it has public, redbrick{f', {others}' if others else ''}"
    return {
        one: Problem(CODE, f"the organization has no storage {one}", hint=hint)
        for one in sorted(used)
        if one not in known
    }


def _examples(plan: Plan) -> Iterator[Action]:
    """Yields all actions but those of packed folders, of which one each is like the others."""
    yield from plan.singled_out
    if isinstance(plan.actions, Actions):
        for folder in plan.actions.new.folders:
            if not is_built_in(folder.settings.storage):
                yield Create(next(iter(folder)), NEW, "")


def _datapoint(action: Action) -> Datapoint | None:
    return None if isinstance(action, Delete | Blocked) else action.datapoint


def _storages(action: Action) -> Iterator[str]:
    one = _datapoint(action)
    if one is not None and not is_built_in(one.settings.storage):
        yield one.settings.storage


def _problems(plan: Plan, unknown: Mapping[str, Problem]) -> Iterator[Problem]:
    """One for each place of the manifest that names such a storage."""
    found = filter(None, map(_datapoint, _examples(plan)))
    places = {(one.origin, one.settings.storage) for one in found}
    for origin, storage in sorted(places):
        if storage in unknown:
            yield unknown[storage]._replace(location=origin)


def _blocked(action: Action, unknown: Mapping[str, Problem]) -> Action:
    for storage in _storages(action):
        if storage in unknown:
            return Blocked(action.name, INVALID, str(unknown[storage]))
    return action
