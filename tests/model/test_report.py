"""The counts of a report."""

from __future__ import annotations

from rbsync.errors import ExitCode
from rbsync.model.outcome import Failure, Outcome, Report
from rbsync.reasons import FAILURE_KINDS

FAILURE = Failure("transient", "upload", "the disk is full")
OUTCOMES = (
    Outcome("a", "create", "applied", "t1"),
    Outcome("b", "update", "applied", "t2"),
    Outcome("c", "replace", "applied", "t3"),
    Outcome("d", "delete", "removed"),
    Outcome("e", "create", "failed", failure=FAILURE),
    Outcome("f", "delete", "failed", failure=FAILURE),
    Outcome("g", "create", "skipped"),
    Outcome("h", "delete", "skipped"),
    Outcome("i", "blocked", "skipped"),
)
REPORT = Report(OUTCOMES, ExitCode.SOME_FAILED, unchanged=4)


def test_outcomes_are_counted_by_result_and_action() -> None:
    assert REPORT.count("applied") == 3
    assert REPORT.count("applied", "create") == 1
    assert REPORT.count("applied", "update", "replace") == 2
    assert REPORT.count("removed") == 1


def test_what_was_blocked_is_not_what_was_skipped() -> None:
    assert (REPORT.blocked, REPORT.skipped) == (1, 2)


def test_failures_are_the_outcomes_that_failed() -> None:
    assert [one.name for one in REPORT.failures] == ["e", "f"]


def test_an_empty_report_counts_nothing() -> None:
    empty = Report((), ExitCode.DONE)
    assert (empty.blocked, empty.skipped, empty.unchanged, list(empty.failures)) == (0, 0, 0, [])


def test_the_kinds_of_failures_are_fixed() -> None:
    kinds = "transient throttled auth quota conflict invalid changed ambiguous"
    assert tuple(kinds.split()) == FAILURE_KINDS
