"""`rbsync refresh`."""

from __future__ import annotations

import click

from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import document, result
from rbsync.cli.planning_options import give_up_after as give_up_after_option
from rbsync.cli.planning_options import lock_timeout as lock_timeout_option
from rbsync.cli.render.name_list import show_names, show_unmanaged
from rbsync.errors import ExitCode


@click.command("refresh")
@lock_timeout_option
@give_up_after_option
@with_common_options
def command(common: CommonOptions, lock_timeout: float, give_up_after: float) -> int:
    """Rebuild or correct the state from the project.

    Every task that has rbsync's stamp gets a record, and a record whose task is gone is removed.
    The project stays as it is; the state is backed up before it is changed.

    \b
    Example:
      rbsync refresh
    """
    from rbsync.sync.refreshing import refresh

    with opened(common, looks_on=True, give_up_after=give_up_after) as workspace:
        done = refresh(workspace, lock_timeout)
    if common.json:
        document(common, done._asdict())
        return ExitCode.DONE
    show_names(common, "+", done.added, "green")
    show_names(common, "~", done.corrected, "yellow")
    show_names(common, "-", done.removed, "red")
    show_unmanaged(common, len(done.unmanaged))
    result(
        common,
        f"State refreshed: {len(done.added):,} added, {len(done.corrected):,} corrected, "
        f"{len(done.removed):,} removed, {done.unchanged:,} unchanged.",
    )
    return ExitCode.DONE
