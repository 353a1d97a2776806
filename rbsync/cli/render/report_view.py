"""A report for people: what failed and why, and the counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rbsync.cli.escaping import one_line
from rbsync.cli.next_step import typed
from rbsync.cli.options import CommonOptions
from rbsync.cli.output import complaint, result
from rbsync.documents.report_document import counts
from rbsync.model.outcome import Failure, Report

SHOWN = 5
"""Names that are listed of each cause unless `-v` asks for all."""


def show_report(report: Report, common: CommonOptions, stopped: str) -> None:
    """Prints the failures by cause, then the counts."""
    failures = {one.name: one.failure for one in report.failures if one.failure is not None}
    show_failures(failures, common)
    _show_skipped(report, common, stopped)
    line = complete_line(report, stopped)
    result(common, line, fg="green" if not report.exit_code else "red")
    if failures:
        again, anew = typed(common, "failures"), typed(common, "retry")
        complaint(common, f"See them again with `{again}`; try again with `{anew}`.")


def _show_skipped(report: Report, common: CommonOptions, stopped: str) -> None:
    """Prints why actions were not begun, but for the reason that the run ended."""
    names: dict[str, list[str]] = {}
    for one in report.outcomes if report.skipped else ():
        # The plan has told what is blocked, and the last line why the run ended.
        if one.result == "skipped" and one.action != "blocked" and one.note != stopped:
            names.setdefault(one.note, []).append(one.name)
    for note, some in names.items():
        more = f" and {len(some) - 1:,} more" if len(some) > 1 else ""
        complaint(common, f"not done: {some[0]}{more}: {note}", fg="yellow")


def complete_line(report: Report, stopped: str) -> str:
    """The line that scripts may look for."""
    number = counts(report)
    start = f"Apply stopped ({stopped})" if stopped else "Apply complete"
    line = (
        f"{start}: {number['created']:,} created, {number['updated']:,} updated, "
        f"{number['deleted']:,} deleted, {number['failed']:,} failed"
    )
    if number["moved"]:
        line += f", {number['moved']:,} moved"
    if number["accepted"]:
        line += f", {number['accepted']:,} being taken in"
    if number["recognised"]:
        line += f", {number['recognised']:,} recognised"
    if number["skipped"]:
        line += f", {number['skipped']:,} not begun"
    if number["blocked"]:
        line += f", {number['blocked']:,} blocked"
    return line + "."


def by_cause(failures: Mapping[str, Failure]) -> dict[tuple[str, str], list[str]]:
    """Names of failures by class and phase, the most frequent cause first."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name, failure in failures.items():
        groups.setdefault((failure.kind, failure.phase), []).append(name)
    # With a key that ran out, 39,000 of 40,000 failures are one: that is read first.
    return dict(sorted(groups.items(), key=lambda one: (-len(one[1]), one[0])))


def show_failures(failures: Mapping[str, Failure], common: CommonOptions) -> None:
    """Prints failures by cause, with their hints."""
    for (kind, phase), names in by_cause(failures).items():
        complaint(common, f"{kind} while trying to {phase}: {len(names):,}", fg="red")
        shown = names if common.verbose else names[:SHOWN]
        for name in shown:
            # Many messages begin with the file, which often has the name.
            message = failures[name].message.removeprefix(f"{name}: ")
            complaint(common, one_line(f"  {name}: {message}"))
        if len(names) > len(shown):
            complaint(common, f"  … and {len(names) - len(shown):,} more (-v lists all)")
        for hint in _hints(failures[name] for name in names):
            complaint(common, one_line(f"  hint: {hint}"))


def _hints(failures: Iterable[Failure]) -> list[str]:
    # The same hint of a thousand names is told once.
    return list(dict.fromkeys(one.hint for one in failures if one.hint))
