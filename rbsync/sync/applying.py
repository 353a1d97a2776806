"""Apply: make the project what the plan says."""

from __future__ import annotations

import getpass
import os
import socket
import time
import uuid
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from rbsync.applier.attempts import attempts_in
from rbsync.applier.breaker import Outage
from rbsync.applier.cancellation import Cancellation
from rbsync.applier.keeping import Keeping
from rbsync.applier.run import Options as RunOptions
from rbsync.applier.run import apply as run
from rbsync.applier.run_report import conclude
from rbsync.errors import StaleError
from rbsync.model.outcome import Outcome, Outcomes, Report
from rbsync.model.plan import Action, Blocked, Create, Delete, Effect, Move, Plan
from rbsync.model.record import Header, Record
from rbsync.planner import check_guard, merged
from rbsync.planner.compare import parted, with_folders
from rbsync.planner.decide import unsettled
from rbsync.reasons import ACCEPTED, UNSETTLED
from rbsync.stores.base import Owner, Writer
from rbsync.sync.inspecting import told_of_losses
from rbsync.sync.known_project import known_project, prepare_project
from rbsync.sync.known_version import version_stamps
from rbsync.sync.last_look import note_look
from rbsync.sync.plan_options import PlanOptions, by_policy, policy_of
from rbsync.sync.planning import make_plan
from rbsync.sync.recording import check_lasting, recorded
from rbsync.sync.saved_plans import check_elsewhere
from rbsync.sync.serials import newest_header, remember_newest
from rbsync.sync.storage_check import check_declared
from rbsync.sync.sweeping import sweep_when_due
from rbsync.sync.workspace import Workspace

if TYPE_CHECKING:
    from rbsync.executors.batches import Share

_WAITING = 16
"""Workers at least, where each may wait for masks that others convert."""
GIVE_UP_AFTER = 600.0
"""Seconds for which a run waits for a service that does not answer."""

Renewal = Literal["nothing", "unsettled", "all", "expected"]
"""What of a plan may be made anew when it is run.

``nothing`` is for a plan that was saved: exactly what somebody read is done. ``all`` is for one
that nobody has looked at, ``expected`` for one of which the digest is known that it must have,
and that was made after all that was open was settled. With ``unsettled`` only what the plan had
left open, until it was known what became of an earlier run, is planned once that is known.
"""


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """The options of an apply.

    ``planning`` is how the plan was made, and how it is made anew as far as ``renewal`` says;
    else a plan that does not fit the state any more is refused as stale. ``force`` does what the
    guard would stop. ``jobs`` is the number of workers, None for what suits the backend. ``done``
    is called with each outcome once it is durable, ``sent`` with bytes as they are sent, and
    ``outage`` when the service does not answer and when it does again. ``give_up_after`` is for how
    many seconds that is waited for: `math.inf` for ever, 0 not at all.
    ``expect`` is the digest that a plan must have where the renewal is ``expected``.
    ``command`` is what the history calls the run, and ``undoes`` are the runs that it takes back.
    ``project`` makes the project where it is not there, and gives it the categories that it lacks.
    """

    planning: PlanOptions = field(default_factory=PlanOptions)
    renewal: Renewal = "unsettled"
    force: bool = False
    jobs: int | None = None
    max_failures: int | None = None
    lock_timeout: float = 600.0
    give_up_after: float = GIVE_UP_AFTER
    stop: Cancellation = field(default_factory=Cancellation)
    done: Callable[[Outcome], None] = lambda _: None
    sent: Callable[[int], None] = lambda _: None
    expect: str = ""
    command: str = "apply"
    undoes: tuple[str, ...] = ()
    project: bool = False
    outage: Callable[[Outage], None] = lambda _: None


def plan_to_apply(
    workspace: Workspace, options: ApplyOptions, waiting: AbstractContextManager[None]
) -> Plan:
    """A plan of which nothing is left open that can be settled now.

    Settles what an earlier run left open, and waits for it as long as that takes, in the context
    ``waiting``. Raises what `make_plan` and `settle` raise.
    """
    plan = make_plan(workspace, options.planning)
    if not plan.has_blocked(UNSETTLED):
        return plan
    with waiting:
        settle(workspace, options.stop, options.lock_timeout)
    return plan if options.stop.requested else make_plan(workspace, options.planning)


def apply_plan(workspace: Workspace, plan: Plan, options: ApplyOptions) -> Report:
    """Runs a plan under the state's lock.

    Raises RefusedError when the guard stops it, StaleError when it does not fit the state or the
    manifest any more, LockedError when somebody else does not let go of the state in time, and
    StoreError when the state cannot be written; what was done before that is recorded or kept in
    the recovery file.
    """
    workspace.recovery_file.check()
    guard(workspace, plan, options)
    if plan.basis.manifest != workspace.manifest.digest:
        raise StaleError(
            "the manifest has changed since the plan was made", hint="run `rbsync plan` again"
        )
    # Of every plan it is asked under the lock; here before the project gets what it lacks.
    header = workspace.store.header() if options.project else None
    if header and _is_stale(plan, header, options):
        raise _moved_on()
    prepare_project(workspace, plan, is_wanted=options.project)
    _look_first(workspace, options)
    # An apply that has nothing to do in a read-only checkout must succeed.
    if not _has_work(workspace, plan):
        sweep_when_due(workspace)
        return _concluded(workspace, plan, Outcomes(), options)
    check_lasting(workspace, plan)
    if not plan.looked:
        check_declared(workspace, plan)  # It asked nobody, also not where its storages lead.
    owner = whoami()
    with workspace.store.writer(owner, timeout=options.lock_timeout) as writer:
        # Under the lock: from here on the state cannot move any more.
        newest_header(writer)
        plan = _current(workspace, plan, writer, options)
        project = workspace.backend.project()
        # Before the first request. A state that is bound only at the end would, after a crash, take
        # another project for its own.
        writer.claim(project.identity)
        workspace.first_look.take_in(writer)
        # What an earlier run left open is settled before anything is sent, for it may be what this
        # plan is about to send again.
        settled = workspace.settling.recover(writer, options.stop)
        pending = writer.pending_records()
        left = _remaining(_renewed(workspace, plan, pending, options), settled, pending)
        writer.verify(_recorded(left))
        left = told_of_losses(workspace.backend, left)
        # Asked again, for the plan may have been made anew since somebody read it.
        guard(workspace, left, options)
        if left.taken:
            writer.commit(left.taken)
        with recorded(workspace, left, owner, options.command, options.undoes) as recording:
            report = _run(workspace, left, writer, options, recording.keeping)
            recording.report = report
        _forget_changed(workspace, left, report)
        remember_newest(writer.header())
        sweep_when_due(workspace)
        return report


def expected(plan: Plan, digest: str) -> Plan:
    """The plan, if it does what was agreed to. Raises StaleError for one that does anything else.

    A plan that does nothing any more is no other one: somebody was quicker.
    """
    # The documents' models take longer to load than most applies, and few expect a digest.
    from rbsync.documents.plan_digest import plan_digest

    found = plan_digest(plan)
    wanted = "sha256:" + digest.strip().lower().removeprefix("sha256:")
    if found == wanted or not plan.actions:
        return plan
    raise StaleError(
        f"the plan made now is another one than the expected: its digest is {found}",
        hint="review it again: `rbsync plan --markdown plan.md`, or `rbsync plan`",
    )


def _look_first(workspace: Workspace, options: ApplyOptions) -> None:
    """Lists the project for a state that is missing; a plan may have been made in another process.

    Of a plan that was saved only its own names are looked at, later.
    """
    header = workspace.store.header()
    planning = by_policy(options.planning, workspace)
    if planning.refresh is not None or options.renewal == "nothing" or (header and header.target):
        return
    if workspace.first_look.is_called_for(header, known_project(workspace, planned=True)):
        workspace.first_look.tasks()


def guard(workspace: Workspace, plan: Plan, options: ApplyOptions) -> None:
    """Raises RefusedError when a plan goes further than the policy allows, unless forced."""
    if not options.force:
        check_guard(plan, policy_of(workspace, options.planning))


def _run(
    workspace: Workspace,
    plan: Plan,
    writer: Writer,
    options: ApplyOptions,
    keeping: Keeping,
) -> Report:
    outcomes = Outcomes()
    for outcome in run(
        plan,
        backend=workspace.backend,
        writer=writer,
        content=workspace.content,
        stop=options.stop,
        options=RunOptions(
            options.jobs or _jobs(workspace),
            options.max_failures,
            options.give_up_after,
            options.sent,
            options.outage,
            # A watch runs again and again while files change: asking git would cost more than it.
            *(("", "") if options.command == "watch" else version_stamps(workspace)),
            masks=_share_of_masks(workspace),
        ),
        set_aside=workspace.recovery_file.keep,
        retrier=workspace.retrier,
        keeper=keeping,
        ahead=keeping.ahead,
        attempts=attempts_in(workspace.history),
    ):
        outcomes.append(outcome)
        options.done(outcome)
    return _concluded(workspace, plan, outcomes, options)


def _jobs(workspace: Workspace) -> int:
    jobs = workspace.backend.capabilities.jobs
    # A worker that waits for masks of others does nothing meanwhile.
    return jobs if workspace.inputs.helpers is None else max(jobs, _WAITING)


def _share_of_masks(workspace: Workspace) -> Share | None:
    if workspace.inputs.helpers is None:
        return None
    from rbsync.executors.batches import MASKS

    return MASKS


def _forget_changed(workspace: Workspace, plan: Plan, report: Report) -> None:
    """Forgets what is remembered of files that turned out to be others than were planned.

    By size and times they may be the same, and the next plan would believe what is remembered.
    """
    names = {
        one.name
        for one in report.failures
        if one.failure is not None and one.failure.kind == "changed"
    }
    if not names:
        return
    effects = (one for one in plan.effects if one.name in names)
    points = [one.datapoint for one in effects if not isinstance(one, Delete)]
    inputs = (item for one in points if one.labels for item in one.labels.inputs)
    items = (item for one in points for item in one.items if item.is_local)
    paths = {item.ref for item in (*items, *inputs)}
    if paths:
        workspace.inputs.tree.forget(sorted(paths))


def _concluded(
    workspace: Workspace, plan: Plan, outcomes: Outcomes, options: ApplyOptions
) -> Report:
    was_run = bool(outcomes)
    report = conclude(plan, outcomes, options.stop)
    # A run without a request saw nothing of the project, so that its look must not count.
    if was_run:
        note_look(workspace)
    return replace(report, looked_up=len(workspace.first_look.recognised))


def _has_work(workspace: Workspace, plan: Plan) -> bool:
    """Tells whether the state has to be locked at all: doing nothing must change no byte of it."""
    known = plan.taken or workspace.first_look.recognised
    return bool(plan.effects or plan.forgotten or known) or not workspace.store.is_settled()


def _current(workspace: Workspace, plan: Plan, writer: Writer, options: ApplyOptions) -> Plan:
    """The plan, when the state is the one that it was made against; else a new one."""
    header = writer.header()
    planned = plan.basis
    # A plan without a lineage was made before there was a state.
    same_state = planned.lineage in ("", header.lineage)
    # Saved where there was no state, a plan says nothing of a serial; what the project had then is
    # not written down anywhere but there.
    if not planned.lineage and options.renewal == "nothing":
        check_elsewhere(workspace, plan, writer)
        return plan
    if same_state and planned.serial == header.serial:
        return plan
    if same_state and options.renewal in ("all", "expected"):
        made = make_plan(workspace, options.planning)
        return made if options.renewal == "all" else expected(made, options.expect)
    if _is_stale(plan, header, options):
        raise _moved_on()
    check_elsewhere(workspace, plan, writer)
    return plan


def _is_stale(plan: Plan, header: Header, options: ApplyOptions) -> bool:
    """Tells whether a plan that may not be made anew was made against an older state."""
    planned = plan.basis
    if options.renewal in ("all", "expected") or (
        # What was saved where there was no state is held against the project.
        not planned.lineage and options.renewal == "nothing"
    ):
        return False
    return planned.lineage in ("", header.lineage) and planned.serial != header.serial


def _moved_on() -> StaleError:
    return StaleError(
        "the state has moved on since the plan was made", hint="run `rbsync plan` again"
    )


def _renewed(
    workspace: Workspace, plan: Plan, pending: Container[str], options: ApplyOptions
) -> Plan:
    """The plan, with what it had left open planned now that it is settled but for ``pending``.

    What the plan says of everything else stays: somebody may have read it.
    """
    if options.renewal in ("nothing", "expected"):
        return plan
    blocked = (one for one in plan.singled_out if isinstance(one, Blocked))
    names = (one.name for one in blocked if one.reason in (UNSETTLED, ACCEPTED))
    known = frozenset(name for name in names if name not in pending)
    if not known:
        return plan
    # Problems of others were told with the plan, and are no reason to stop in the middle.
    planning = replace(options.planning, only=known, target=None, keep_going=True)
    return merged(plan, make_plan(workspace, planning), known)


def _recorded(plan: Plan) -> Iterator[str]:
    """Yields the names of the records that the actions were decided from.

    That of a create, where there is one, is verified when it is read for its intent.
    """
    for one in plan.singled_out:
        if isinstance(one, Move):
            yield one.old
        elif not isinstance(one, Create | Blocked):
            yield one.name


def _remaining(
    plan: Plan, settled: Mapping[str, Record | None], pending: Mapping[str, Record]
) -> Plan:
    """The plan without what recovery found to be done already; what it left open is blocked.

    What else is recorded as done is planned against the record on purpose.
    """
    if not settled and not pending:
        return plan
    # Of a run that was killed early the rest is half a million creates, most of whole folders.
    whole, rest = parted(plan.actions, settled.keys() | pending.keys())
    actions: list[Action] = []
    for one in rest:
        if not isinstance(one, Effect):
            actions.append(one)
        elif one.name in pending:
            actions.append(unsettled(pending[one.name]))
        elif one.name not in settled or not _is_done(one, settled[one.name]):
            actions.append(one)
    return replace(plan, actions=with_folders(whole, actions))


def _is_done(action: Effect, record: Record | None) -> bool:
    # Whoever deleted it, it is gone.
    if isinstance(action, Delete):
        return record is None or record.applied is None
    # Found under its new name, it has its old task still.
    if isinstance(action, Move):
        return record is not None and record.applied is not None and not record.old_name
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
    # In a container there may be no user of that number.
    return Owner(user, socket.gethostname(), os.getpid(), uuid.uuid4().hex[:12], time.time())
