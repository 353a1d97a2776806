"""Running a plan from the command line: show it, ask, run it, report."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from rbsync.applier.cancellation import INTERRUPTED, Cancellation
from rbsync.cli.open_workspace import meta, opened
from rbsync.cli.options import CommonOptions
from rbsync.cli.output import complaint, document, event, note
from rbsync.cli.render.outage_view import show_outage
from rbsync.cli.render.plan_view import show_plan
from rbsync.cli.render.progress import Meter, metered
from rbsync.cli.render.report_view import show_report
from rbsync.cli.signals import heard
from rbsync.errors import ExitCode, RbsyncError, UsageError
from rbsync.model.outcome import Outcome, Report
from rbsync.model.plan import OnConflict, Overwriting, Plan
from rbsync.written_files import whole

if TYPE_CHECKING:
    from rbsync.sync.applying import ApplyOptions
    from rbsync.sync.plan_options import PlanOptions
    from rbsync.sync.workspace import Workspace

REPORT = "report.json"
_LARGEST_PLAN = 2 << 30


@dataclass(frozen=True, slots=True)
class RunFlags:
    """The flags that `apply` and `retry` share."""

    yes: bool = False
    force: bool = False
    jobs: int | None = None
    fail_fast: bool = False
    max_failures: int | None = None
    lock_timeout: float = 600.0
    expect: str = ""
    history: str = ""
    give_up_after: float = 600.0
    at: str = ""
    project: bool = False


UNASKED = "pass --yes, or apply a plan: rbsync plan -o p.json"


def run_plan(
    common: CommonOptions,
    options: PlanOptions,
    flags: RunFlags,
    *,
    plan_file: str | None = None,
    rehash: bool = False,
) -> ExitCode:
    from rbsync.sync.applying import expected, plan_to_apply

    def made(workspace: Workspace, how: ApplyOptions) -> tuple[Plan, ApplyOptions]:
        # What was refused for want of a category need not be.
        planning = replace(options, insist=True) if flags.project else options
        how = replace(how, planning=planning)
        if plan_file:
            plan = _read(plan_file, workspace, flags)
            # A saved plan is what somebody has read: nothing of it may be planned anew.
            return plan, replace(how, renewal="nothing")
        plan = plan_to_apply(workspace, how, interruptible(how.stop, common))
        if flags.expect and not how.stop.requested:
            how = replace(how, renewal="expected", expect=flags.expect)
            return expected(plan, flags.expect), how
        return plan, replace(how, renewal="all" if flags.yes else "unsettled")

    return run_made(common, flags, made, plan_file=plan_file, rehash=rehash)


def run_made(
    common: CommonOptions,
    flags: RunFlags,
    made: Callable[[Workspace, ApplyOptions], tuple[Plan, ApplyOptions]],
    *,
    plan_file: str | None = None,
    rehash: bool = False,
    nothing: str = "",
    unasked: str = UNASKED,
) -> ExitCode:
    """Asks about a plan, applies it and reports; ``made`` makes it and says how to apply it.

    ``nothing`` is said where there is nothing to do, ``unasked`` is the hint where nobody is there.
    """
    from rbsync.sync.applying import ApplyOptions, apply_plan, guard

    # At once, not after an hour of reading files.
    if not (flags.yes or plan_file or _can_ask(common)):
        raise UsageError("there is no terminal to ask on", hint=unasked)
    stop = Cancellation()
    how = ApplyOptions(
        force=flags.force,
        jobs=flags.jobs,
        max_failures=1 if flags.fail_fast else flags.max_failures,
        lock_timeout=flags.lock_timeout,
        give_up_after=flags.give_up_after,
        stop=stop,
        project=flags.project,
    )
    with opened(
        common,
        rehash=rehash,
        strict=False,
        stop=stop,
        history=flags.history,
        at=flags.at,
        give_up_after=flags.give_up_after,
    ) as workspace:
        plan, how = made(workspace, how)
        # Interrupted while files were read: nothing was sent, and nobody is asked any more.
        if stop.requested:
            return ExitCode.INTERRUPTED
        guard(workspace, plan, how)
        decided = how.planning.on_conflict or workspace.manifest.settings.policy.on_conflict
        if not _agreed(plan, common, decided, flags, plan_file, nothing):
            note(common, "Nothing was done.")
            return ExitCode.ERROR
        with metered(common, "Applying", "datapoint") as meter, interruptible(stop, common):
            meter.begin(len(plan.effects), plan.summary.bytes)
            report = apply_plan(workspace, plan, replace(how, **_shown_by(meter, common)))
            took = meter.took()
        _conclude(report, plan, workspace, common, stop)
        if plan.effects and took and not common.json:
            note(common, took)
    return report.exit_code


def _shown_by(meter: Meter, common: CommonOptions) -> dict[str, Any]:
    from rbsync.documents.report_document import outcome_json

    def done(outcome: Outcome) -> None:
        meter.did(outcome.name, outcome.failure.message if outcome.failure else "")
        if common.json_lines:
            event("outcome", outcome_json(outcome))

    return {
        "done": done,
        "sent": lambda count: meter.advance(0, count),
        "outage": partial(show_outage, common),
    }


def _read(path: str, workspace: Workspace, flags: RunFlags) -> Plan:
    from rbsync.documents.plan_document import read_plan
    from rbsync.manifest.file_text import read_limited
    from rbsync.manifest.limits import Limits
    from rbsync.sync.plan_files import accepted

    # A plan in a pull request may be a link to a device, which has no end.
    hint = "plan a part of it with --target, and apply that first"
    data = read_limited(path, path, Limits(size=_LARGEST_PLAN), too_large=hint)
    return accepted(workspace, read_plan(data, path), data, flags.expect)


def _can_ask(common: CommonOptions) -> bool:
    # The question goes to standard error: in a file nobody would see what is waited for.
    return sys.stdin.isatty() and sys.stderr.isatty() and not common.json


def _agreed(
    plan: Plan,
    common: CommonOptions,
    decided: OnConflict,
    flags: RunFlags,
    plan_file: str | None,
    nothing: str,
) -> bool:
    """Shows the plan, and asks where that is called for."""
    if not common.json:
        shown = replace(plan, refused=None) if flags.force else plan
        show_plan(shown, common, nothing, asks=True)
    extends = flags.project and (plan.new_project or plan.added_categories)
    if flags.yes or plan_file or not (plan.effects or extends):
        return True
    over = sum(
        1 for one in plan.singled_out if isinstance(one, Overwriting) and one.over is not None
    )
    if over and decided == "ours":
        # A `y` out of habit would cost somebody an afternoon: the number has to be read.
        what = f"Type {over} to overwrite what others made of as many datapoints"
        typed: str = click.prompt(what, err=True, default="", show_default=False)
        return typed.strip() == str(over)
    return click.confirm("Apply this?", err=True)


def _conclude(
    report: Report, plan: Plan, workspace: Workspace, common: CommonOptions, stop: Cancellation
) -> None:
    """Keeps the report beside the state when something was done, and shows it."""
    from rbsync.documents.report_document import report_json, report_stream
    from rbsync.documents.text import pieces
    from rbsync.sync.known_version import known_version

    about = meta(), known_version(workspace)
    # A run that had nothing to do must not replace the report of one that had.
    if report.outcomes:
        folder = os.path.dirname(workspace.recovery_file.path)
        _keep(os.path.join(folder, REPORT), pieces(report_stream(report, *about)), common)
    if common.json:
        content = report_json(report, *about)
        if common.json_lines:
            # The others were told when they were done.
            every = content["outcomes"]
            content["outcomes"] = [one for one in every if one["action"] == "blocked"]
        document(common, content)
    elif plan.actions:
        show_report(report, common, stop.reason)


def _keep(path: str, text: Iterator[str], common: CommonOptions) -> None:
    """Writes the report; what was done is done, and is told, where that cannot be written down."""
    try:
        with whole(path) as file:
            for piece in text:
                file.write(piece.encode())
    except RbsyncError as error:
        complaint(common, f"warning: the report is not kept: {error}", fg="yellow")


def interruptible(stop: Cancellation, common: CommonOptions) -> AbstractContextManager[None]:
    """The first interrupt lets what runs end; the second ends the program at once."""

    def interrupt() -> None:
        if stop.requested:
            # An exception would wait on its way out for the threads that read files.
            os._exit(ExitCode.INTERRUPTED)
        stop.request(INTERRUPTED)
        text = "Stopping: what is running ends and is recorded. Interrupt again to leave at once."
        complaint(common, text, fg="yellow")

    return heard({signal.SIGINT: interrupt, signal.SIGTERM: interrupt})
