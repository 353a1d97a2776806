"""The report of a whole run, with its exit code."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from rbsync.applier.cancellation import INTERRUPTED, OUTAGE, UNREACHABLE, Cancellation
from rbsync.errors import ExitCode
from rbsync.model.outcome import Outcome, Outcomes, Report
from rbsync.model.plan import Blocked, Plan
from rbsync.reasons import AMBIGUOUS, AUTH, UNSETTLED, FailureKind


def conclude(plan: Plan, outcomes: Iterable[Outcome], stop: Cancellation) -> Report:
    """The report of a run, with the exit code of the worst that happened.

    What the plan blocked is added to the outcomes.
    """
    if not isinstance(outcomes, Outcomes):
        outcomes = Outcomes(outcomes)
    kinds = {one.failure.kind for one in outcomes.failures if one.failure is not None}
    code = _exit_code(kinds, plan, stop)
    for one in plan.singled_out:
        if isinstance(one, Blocked):
            outcomes.append(Outcome(one.name, "blocked", "skipped", note=one.message))
    return Report(outcomes, code, unchanged=plan.unchanged)


def _exit_code(kinds: Collection[FailureKind], plan: Plan, stop: Cancellation) -> ExitCode:
    # The worst comes first: who pressed Ctrl-C knows why it ended, and a refused key explains all
    # failures below it.
    if stop.reason == INTERRUPTED:
        return ExitCode.INTERRUPTED
    if AUTH in kinds:
        return ExitCode.AUTH
    # Above plain failures: a script that retries on SOME_FAILED must not do so before what is open
    # is settled.
    if AMBIGUOUS in kinds or plan.has_blocked(UNSETTLED):
        return ExitCode.UNSETTLED
    if stop.reason in (OUTAGE, UNREACHABLE):
        return ExitCode.ERROR
    if kinds:
        return ExitCode.SOME_FAILED
    if plan.blocked_exit_code:
        return plan.blocked_exit_code
    return ExitCode.ERROR if stop.requested else ExitCode.DONE
