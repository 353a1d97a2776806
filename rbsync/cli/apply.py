"""`rbsync apply`."""

from __future__ import annotations

from typing import Any

import click

from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.planning_options import history, planning, redo, running
from rbsync.cli.running import RunFlags, run_plan
from rbsync.model.plan import OnConflict


@click.command("apply")
@click.argument("plan", required=False, type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--expect",
    default="",
    metavar="DIGEST",
    help="Apply the PLAN only if its digest is this one: sha256:…",
)
@click.option(
    "--at",
    default="",
    metavar="REV",
    help="Apply the manifest and the files of a git revision; what git lacks is as it is now.",
)
@planning
@redo
@running
@history
@with_common_options
def command(
    common: CommonOptions,
    plan: str | None,
    target: str | None,
    prune: bool | None,
    keep_going: bool,
    rehash: bool,
    redo: tuple[str, ...],
    offline: bool,
    ours: tuple[str, ...],
    theirs: tuple[str, ...],
    on_conflict: OnConflict | None,
    **flags: Any,
) -> int:
    """Make the project what the manifest says, or what a PLAN says that was made before.

    A PLAN from elsewhere is applied with --expect, or as far as a plan made now says the same.
    """
    from rbsync.sync.planning import PlanOptions

    decided = redo or offline or ours or theirs or on_conflict or flags["at"]
    # A plan that was agreed to must not become another one by an option.
    if plan and (target or prune is not None or keep_going or rehash or decided):
        raise click.UsageError("a PLAN is applied as it is: give these options to `plan`")
    if flags["expect"] and not plan:
        raise click.UsageError("--expect is for a PLAN")
    options = PlanOptions(
        target=target,
        prune=prune,
        keep_going=keep_going,
        redo=redo,
        offline=offline,
        ours=ours,
        theirs=theirs,
        on_conflict=on_conflict,
    )
    return run_plan(common, options, RunFlags(**flags), plan_file=plan, rehash=rehash)
