"""`rbsync undo`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from rbsync.cli.name_completion import complete_names, composed_names
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import note
from rbsync.cli.planning_options import history, ours, running, theirs
from rbsync.cli.running import RunFlags, interruptible, run_made

UNASKED = "pass --yes; `rbsync log` lists the runs that can be taken back"
NOTHING = "Nothing to take back: all is as it was before."

if TYPE_CHECKING:
    from rbsync.sync.applying import ApplyOptions
    from rbsync.sync.undoing import Undo, UndoOptions
    from rbsync.sync.workspace import Workspace

    Made = tuple[Any, ApplyOptions]


@click.command("undo")
@click.argument("run", required=False, default="")
@click.argument("names", nargs=-1, shell_complete=complete_names, callback=composed_names)
@click.option(
    "--since", default="", metavar="TIME", help="All runs since then: 2h, 3d, 2026-05-01T08:00Z."
)
@theirs
@ours
@running
@history
@with_common_options
def command(
    common: CommonOptions,
    run: str,
    names: tuple[str, ...],
    since: str,
    ours: tuple[str, ...],
    theirs: tuple[str, ...],
    **flags: Any,
) -> int:
    """Put back what a run changed: the last one, or RUN (see `rbsync log`), or --since a time.

    NAMES, or globs, narrow it down. What people did since is a conflict and stays, but for what
    --ours names; what --theirs names stays and is no conflict any more. The manifest still declares
    what was taken back: it is held until the declaration changes, or until `rbsync apply --redo
    NAME`. An undo that was cut off goes on when it is run again, and an undo is undone like any
    other run.

    \b
    Examples:
      rbsync undo
      rbsync undo 3f2a "scans/**"
      rbsync undo --since 2h --history /mnt/history
    """
    from rbsync.sync.undoing import UndoOptions

    if since and run:
        # With --since there is no RUN: what stands first is a name.
        names, run = (run, *names), ""
    chosen = UndoOptions(run, since, names, ours, theirs)
    made = partial(_made, common, chosen)
    return run_made(common, RunFlags(**flags), made, nothing=NOTHING, unasked=UNASKED)


def _made(
    common: CommonOptions, chosen: UndoOptions, workspace: Workspace, how: ApplyOptions
) -> Made:
    from rbsync.sync.applying import settle
    from rbsync.sync.undoing import end_if_done, make_undo

    # What an earlier run left open may be done: while it is unknown, it is not taken back.
    if not workspace.store.is_settled():
        with interruptible(how.stop, common):
            settle(workspace, how.stop, how.lock_timeout)
    undo = make_undo(workspace, chosen)
    note(common, _said(undo))
    end_if_done(workspace, undo)
    undoes = tuple(one.id for one in undo.runs)
    return undo.plan, replace(how, command="undo", undoes=undoes, renewal="nothing")


def _said(undo: Undo) -> str:
    from rbsync.cli.render.history_view import run_line

    head = "Taking back:"
    if undo.continues:
        # What is in conflict may be all that is left, and then this is not what was meant.
        head = f"Going on to take back (`rbsync undo {undo.continues}` takes back that undo):"
    return "\n".join([head, *(f"  {run_line(one)}" for one in undo.runs)])
