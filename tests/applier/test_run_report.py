"""What a whole run amounts to."""

from __future__ import annotations

import pytest

from rbsync.applier.cancellation import AUTH, INTERRUPTED, LIMIT, OUTAGE, Cancellation
from rbsync.applier.run_report import conclude
from rbsync.errors import ExitCode, Problem
from rbsync.model.outcome import Failure, Outcome
from rbsync.model.plan import Basis, Blocked, Plan
from rbsync.reasons import FAILURE_KINDS, FailureKind, Reason


def plan(*reasons: Reason, unread: bool = False) -> Plan:
    blocked = tuple(Blocked(f"{number}", one, "why") for number, one in enumerate(reasons))
    problems = (Problem("unread", "a folder"),) if unread else ()
    return Plan(blocked, 7, "", 9, Basis("", 0, ""), unread=problems)


def failed(*kinds: FailureKind) -> list[Outcome]:
    return [Outcome(one, "create", "failed", failure=Failure(one, "create", "")) for one in kinds]


FINE = [Outcome("a", "create", "applied", "t")]


@pytest.mark.parametrize(
    ("outcomes", "reasons", "reason", "code"),
    [
        ([], [], "", ExitCode.DONE),
        (FINE, [], "", ExitCode.DONE),
        (FINE, ["protected"], "", ExitCode.DONE),
        (FINE, ["invalid"], "", ExitCode.SOME_FAILED),
        (FINE, ["refused"], "", ExitCode.SOME_FAILED),
        (FINE, ["not-updatable"], "", ExitCode.SOME_FAILED),
        (FINE, ["unknown", "invalid"], "", ExitCode.INCOMPLETE),
        (FINE, ["unsettled", "unknown"], "", ExitCode.UNSETTLED),
        (failed("quota"), [], "", ExitCode.SOME_FAILED),
        (failed("quota"), ["unknown"], "", ExitCode.SOME_FAILED),
        (failed("quota", "ambiguous"), [], "", ExitCode.UNSETTLED),
        (failed("ambiguous", "auth"), [], AUTH, ExitCode.AUTH),
        (failed("auth"), [], INTERRUPTED, ExitCode.INTERRUPTED),
        (FINE, [], INTERRUPTED, ExitCode.INTERRUPTED),
        (failed("transient"), [], OUTAGE, ExitCode.ERROR),
        (failed("transient", "ambiguous"), [], OUTAGE, ExitCode.UNSETTLED),
        (failed("quota"), [], LIMIT, ExitCode.SOME_FAILED),
        (FINE, [], "something else", ExitCode.ERROR),
    ],
)
def test_the_exit_code_is_that_of_the_worst_that_happened(
    outcomes: list[Outcome], reasons: list[Reason], reason: str, code: ExitCode
) -> None:
    stop = Cancellation()
    if reason:
        stop.request(reason)
    assert conclude(plan(*reasons), outcomes, stop).exit_code == code


def test_sources_that_could_not_be_read_make_a_run_incomplete() -> None:
    assert conclude(plan(unread=True), FINE, Cancellation()).exit_code == ExitCode.INCOMPLETE


@pytest.mark.parametrize("kind", FAILURE_KINDS)
def test_no_failure_is_ever_exit_code_0(kind: FailureKind) -> None:
    assert conclude(plan(), [*FINE, *failed(kind)], Cancellation()).exit_code != ExitCode.DONE


def test_every_action_is_in_the_report_also_the_blocked_ones() -> None:
    report = conclude(plan("invalid", "protected"), [*FINE, *failed("quota")], Cancellation())
    assert [(one.name, one.action, one.result) for one in report.outcomes] == [
        ("a", "create", "applied"),
        ("quota", "create", "failed"),
        ("0", "blocked", "skipped"),
        ("1", "blocked", "skipped"),
    ]
    assert (report.blocked, report.skipped, report.unchanged) == (2, 0, 7)
    assert [one.name for one in report.failures] == ["quota"]
