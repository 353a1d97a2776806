"""Apply: make the project what the plan says."""

from __future__ import annotations

import getpass
import os
import socket
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from rbsync.applier.report import conclude
from rbsync.applier.run import Options as RunOptions
from rbsync.applier.run import apply as run
from rbsync.applier.settle import settle_all
from rbsync.applier.stop import Stop
from rbsync.errors import BackendError, StaleError
from rbsync.model.outcome import Outcome, Report
from rbsync.model.plan import Delete, Effect, Plan
from rbsync.model.state import Record
from rbsync.stores.base import Owner, Writer
from rbsync.sync.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """How to apply.

    ``replan`` makes the plan anew when the state has moved on since; without it such a plan is
    refused as stale. ``accept`` sees the plan that is really run, and may raise. ``done`` is
    called with each outcome once it is durable, ``sent`` with bytes as they are sent.
    """

    jobs: int = 4
    max_failures: int | None = None
    lock_timeout: float = 600.0
    stop: Stop = field(default_factory=Stop)
    replan: Callable[[], Plan] | None = None
    accept: Callable[[Plan], None] = lambda _: None
    done: Callable[[Outcome], None] = lambda _: None
    sent: Callable[[int], None] = lambda _: None


def apply_plan(workspace: Workspace, plan: Plan, options: ApplyOptions) -> Report:
    """Runs a plan under the state's lock.

    Raises StaleError when it does not fit the state or the manifest any more, LockedError when
    somebody else does not let go of the state in time, and StoreError when the state cannot be
    written; what was done before that is recorded or kept in the rescue file.
    """
    workspace.rescue.check()
    if plan.basis.manifest != workspace.manifest.digest:
        raise StaleError(
            "the manifest has changed since the plan was made", hint="run `rbsync plan` again"
        )
    if not _has_work(workspace, plan):
        return conclude(plan, (), options.stop)
    with workspace.store.writer(whoami(), timeout=options.lock_timeout) as writer:
        plan = _current(plan, writer, options)
        options.accept(plan)
        project = workspace.backend.project()
        writer.claim(project.identity)
        settled = recover(workspace, writer, options.stop)
        return _run(workspace, _remaining(plan, settled), writer, writer.records(), options)


def _run(
    workspace: Workspace,
    plan: Plan,
    writer: Writer,
    records: Mapping[str, Record],
    options: ApplyOptions,
) -> Report:
    outcomes: list[Outcome] = []
    for outcome in run(
        plan,
        backend=workspace.backend,
        writer=writer,
        records=records,
        content=workspace.content,
        stop=options.stop,
        options=RunOptions(options.jobs, options.max_failures, options.sent),
        rescue=workspace.rescue.keep,
    ):
        outcomes.append(outcome)
        options.done(outcome)
    return conclude(plan, outcomes, options.stop)


def _has_work(workspace: Workspace, plan: Plan) -> bool:
    """Whether the state has to be locked at all: doing nothing must change no byte of it."""
    return bool(plan.effects or plan.forgotten) or not workspace.store.is_settled()


def _current(plan: Plan, writer: Writer, options: ApplyOptions) -> Plan:
    """The plan, when the state is the one that it was made against; else a new one."""
    header = writer.header()
    planned = plan.basis
    fresh = planned.serial == header.serial and planned.lineage in ("", header.lineage)
    if fresh:
        return plan
    if options.replan is None or planned.lineage not in ("", header.lineage):
        raise StaleError(
            "the state has moved on since the plan was made", hint="run `rbsync plan` again"
        )
    return options.replan()


def _remaining(plan: Plan, settled: Mapping[str, Record | None]) -> Plan:
    """The plan without what recovery found to be done already.

    What else is recorded as done is planned against the record on purpose.
    """
    actions = [
        one
        for one in plan.actions
        if not (
            isinstance(one, Effect) and one.name in settled and _is_done(one, settled[one.name])
        )
    ]
    return replace(plan, actions=tuple(actions))


def _is_done(action: Effect, record: Record | None) -> bool:
    if isinstance(action, Delete):
        return record is None
    return record is not None and record.applied == action.datapoint.fingerprint


def recover(workspace: Workspace, writer: Writer, stop: Stop) -> Mapping[str, Record | None]:
    """Settles what an earlier run left open, and writes it down.

    Returns what was settled, None for a record that was removed. What the project cannot tell
    now stays open.
    """
    records = writer.records()
    try:
        settled = settle_all(workspace.backend, records, clock=time.time, pause=stop.pause)
    except BackendError:
        return {}
    if settled:
        known = [record for record in settled.values() if record is not None]
        writer.commit(known, removed=[name for name, one in settled.items() if one is None])
    return settled


def whoami() -> Owner:
    """Who holds the lock, for those who wait for it."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return Owner(user, socket.gethostname(), os.getpid(), uuid.uuid4().hex[:12], time.time())
