"""`rbsync apply`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rbsync.cli.locked import locked as locked_option
from rbsync.cli.locked import require_locked
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.planning_options import history, planning, redo, running
from rbsync.cli.running import RunFlags, run_plan

if TYPE_CHECKING:
    from rbsync.sync.plan_options import PlanOptions


@click.command("apply")
@click.argument("plan", required=False, type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--expect",
    default="",
    metavar="DIGEST",
    help="Apply only if the digest of the plan, or of the file PLAN, is this one: sha256:…",
)
@click.option(
    "--at",
    default="",
    metavar="REV",
    help="Apply the manifest and the files of a git revision; what git lacks is as it is now.",
)
@click.option(
    "--project",
    is_flag=True,
    help="Make the project where it is not there, give it the categories of the manifest that it "
    "lacks, and try again what was refused. It loses none.",
)
@locked_option
@planning
@redo
@running
@history
@with_common_options
def command(
    common: CommonOptions,
    plan: str | None,
    locked: bool,
    options: PlanOptions,
    rehash: bool,
    **flags: Any,
) -> int:
    """Make the project what the manifest says, or what a PLAN says that was made before.

    A PLAN from elsewhere is applied with --expect, or as far as a plan made now says the same.
    Without a PLAN, --expect stops with 5 unless the plan made now does what was reviewed.

    \b
    Examples:
      rbsync apply
      rbsync apply --yes --target "images/day1/**"
      rbsync apply --project
      rbsync apply p.json --expect sha256:9f86d0…
      rbsync apply --yes --expect sha256:9f86d0… --locked
      rbsync apply --ours "scans/a.dcm" --theirs "scans/b*"
      rbsync apply --on-move carry --ours "scans/**"
      rbsync apply --at v1.2 --redo "scans/**"
      rbsync apply --yes --give-up-after inf --history none
    """
    # A plan that was agreed to must not become another one by an option.
    if plan and (options != type(options)() or rehash or flags["at"]):
        raise click.UsageError("a PLAN is applied as it is: give these options to `plan`")
    if locked:
        require_locked(common, flags["at"])
    return run_plan(common, options, RunFlags(**flags), plan_file=plan, rehash=rehash)
