"""The last run with all that came of it, and the state, as pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rbsync.cli.pages.html_page import Page, Row, Section
from rbsync.cli.pages.many_pages import paged

_KINDS = {"created": "create", "updated": "update", "deleted": "delete", "failed": "failed"}
_HEADINGS = {
    "failed": "failed",
    "skipped": "not done",
    "removed": "deleted",
    "applied": "done",
    "recognised": "were there already",
}
"""The results of outcomes in the order in which they are read: what went wrong comes first."""


def report_pages(
    report: Mapping[str, Any], state: Mapping[str, int], file: str
) -> Iterator[tuple[str, str]]:
    """The pages of a report document, each with its path, as `plan_pages` has them.

    ``state`` has how many datapoints the state knows, by what is known of them.
    """
    numbers = {key: one for key, one in report["summary"].items() if isinstance(one, int) and one}
    counts = [(f"{one:,}", key, _KINDS.get(key, "quiet")) for key, one in numbers.items()]
    told = [f"The state has {number:,} {what}." for what, number in state.items() if number]
    lead = f"The last run ended with exit code {report['exit_code']}, {report['meta']['created']}."
    return paged(Page("Report", lead, counts, told, list(_sections(report))), file)


def _sections(report: Mapping[str, Any]) -> Iterator[Section]:
    for result, heading in _HEADINGS.items():
        some = [one for one in report["outcomes"] if one["outcome"] == result]
        if some:
            # Outcomes are in the order in which requests ended, which is another one each time.
            some.sort(key=lambda one: str(one["name"]))
            kind = "failed" if result == "failed" else "quiet"
            yield Section(kind, f"{len(some):,} {heading}", rows=[_row(one) for one in some])


def _row(outcome: Mapping[str, Any]) -> Row:
    folder, slash, name = outcome["name"].rpartition("/")
    error = outcome.get("error") or {}
    parts = [outcome["action"], error.get("message", ""), error.get("hint", "")]
    return Row(folder + slash, name, ": ".join(filter(None, parts)), error.get("class", ""))
