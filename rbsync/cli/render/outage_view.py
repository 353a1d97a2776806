"""The news that the service does not answer, and that it does again."""

from __future__ import annotations

from math import isfinite

from rbsync.applier.breaker import Outage
from rbsync.cli.options import CommonOptions
from rbsync.cli.output import complaint, event, note


def show_outage(common: CommonOptions, outage: Outage) -> None:
    """Says that the service does not answer, and that it does again."""
    if common.json_lines:
        facts = {"is_over": outage.is_over, "seconds": _finite(outage.seconds), "why": outage.why}
        event("outage", facts)
    if outage.is_over:
        note(common, f"The service answers again, after {outage.seconds:.0f} s.", fg="green")
        return
    patience = f"up to {outage.seconds:,.0f} s" if isfinite(outage.seconds) else "for ever"
    text = f"The service does not answer ({outage.why}); waiting for it, {patience}."
    # Told with -q too: a program that waits in silence looks as if it hung.
    complaint(common, text, fg="yellow")


def _finite(seconds: float) -> float | None:
    # JSON has no infinity: Python's `Infinity` makes the line unreadable for other programs.
    return round(seconds, 1) if isfinite(seconds) else None
