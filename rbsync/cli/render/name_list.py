"""Lists of names for people, no longer than they want to read."""

from __future__ import annotations

from collections.abc import Sequence

from rbsync.cli.escaping import one_line
from rbsync.cli.options import CommonOptions
from rbsync.cli.output import note
from rbsync.cli.render.numbers import plural
from rbsync.cli.render.plan_view import SHOWN


def show_names(common: CommonOptions, symbol: str, names: Sequence[str], color: str) -> None:
    """Prints names beside the result, all of them with `-v`."""
    shown = names if common.verbose else names[:SHOWN]
    for name in shown:
        note(common, one_line(f"  {symbol} {name}"), fg=color)
    if len(names) > len(shown):
        note(common, f"  {symbol} … and {len(names) - len(shown):,} more (-v lists all)", fg=color)


def show_unmanaged(common: CommonOptions, count: int) -> None:
    """Says how many datapoints are of others."""
    if count:
        what = plural(count, "datapoint has", "datapoints have")
        note(common, f"{what} no stamp of rbsync's and no record (`rbsync adopt` takes them over).")
