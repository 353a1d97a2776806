"""Apply: make the project what the plan says."""

from __future__ import annotations

import getpass
import os
import socket
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from rbsync.applier.cancellation import Cancellation
from rbsync.applier.run import Options as RunOptions
from rbsync.applier.run import apply as run
from rbsync.applier.run_report import conclude
from rbsync.errors import StaleError
from rbsync.model.outcome import Outcome, Report
from rbsync.model.plan import Action, Delete, Effect, Plan
from rbsync.model.record import Record
from rbsync.planner.decide import unsettled
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
    stop: Cancellation = field(default_factory=Cancellation)
    replan: Callable[[], Plan] | None = None
    accept: Callable[[Plan], None] = lambda _: None
    done: Callable[[Outcome], None] = lambda _: None
    sent: Callable[[int], None] = lambda _: None


def apply_plan(workspace: Workspace, plan: Plan, options: ApplyOptions) -> Report:
    """Runs a plan under the state's lock.

    Raises StaleError when it does not fit the state or the manifest any more, LockedError when
    somebody else does not let go of the state in time, and StoreError when the state cannot be
    written; what was done before that is recorded or kept in the recovery file.
    """
    workspace.recovery_file.check()
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
        settled = workspace.settling.recover(writer, options.stop)
        records = writer.records()
        return _run(workspace, _remaining(plan, settled, records), writer, records, options)


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
        set_aside=workspace.recovery_file.keep,
        retrier=workspace.retrier,
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


def _remaining(
    plan: Plan, settled: Mapping[str, Record | None], records: Mapping[str, Record]
) -> Plan:
    """The plan without what recovery found to be done already; what it left open is blocked.

    What else is recorded as done is planned against the record on purpose.
    """
    actions: list[Action] = []
    for one in plan.actions:
        record = records.get(one.name)
        if not isinstance(one, Effect):
            actions.append(one)
        elif record is not None and record.pending is not None:
            actions.append(unsettled(record))
        elif one.name not in settled or not _is_done(one, settled[one.name]):
            actions.append(one)
    return replace(plan, actions=tuple(actions))


def _is_done(action: Effect, record: Record | None) -> bool:
    if isinstance(action, Delete):
        return record is None
    return record is not None and record.applied == action.datapoint.fingerprint


def settle(workspace: Workspace, stop: Cancellation, timeout: float) -> None:
    """Settles what an earlier run left open. Raises LockedError and StoreError.

    Waits for it, and says so; what the project cannot tell even then stays open.
    """
    workspace.recovery_file.check()
    with workspace.store.writer(whoami(), timeout=timeout) as writer:
        writer.claim(workspace.backend.project().identity)
        workspace.settling.recover(writer, stop)


def whoami() -> Owner:
    """Who holds the lock, for those who wait for it."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return Owner(user, socket.gethostname(), os.getpid(), uuid.uuid4().hex[:12], time.time())
