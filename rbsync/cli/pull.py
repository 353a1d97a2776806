"""`rbsync pull`."""

from __future__ import annotations

import click

from rbsync.cli.name_completion import complete_names
from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import complaint, document, note, result
from rbsync.cli.planning_options import give_up_after as give_up_after_option
from rbsync.cli.planning_options import lock_timeout as lock_timeout_option
from rbsync.cli.render.name_list import show_names
from rbsync.errors import ExitCode


@click.command("pull")
@click.argument("names", nargs=-1, metavar="[NAME|GLOB]...", shell_complete=complete_names)
@lock_timeout_option
@give_up_after_option
@with_common_options
def command(
    common: CommonOptions, names: tuple[str, ...], lock_timeout: float, give_up_after: float
) -> int:
    """Bring labels that people changed at the project back into the files, of all or of NAMES.

    LabelObjects become JSON files, masks PNGs of their own format, segmentations NIfTI files on
    the grid of their scan. A file that changed here too is left alone, and told. What no file can
    say stays at the project. Exits with 3 when something was left.

    \b
    Example:
      rbsync pull "images/**"
    """
    from rbsync.sync.pulling import pull

    with opened(common, give_up_after=give_up_after) as workspace:
        done = pull(workspace, names, lock_timeout)
    if common.json:
        held = {"conflicts": done.conflicts, "theirs": done.theirs}
        parts = {key: [one._asdict() for one in each] for key, each in held.items()}
        document(common, {**done._asdict(), **parts})
    else:
        show_names(common, "~", done.files, "yellow", noun="file")
        for one in done.conflicts:
            complaint(common, f"  ! {one.name}  ({one.why})", fg="magenta")
        for one in done.theirs:
            complaint(common, f"  = {one.name}  (stays at the project: {one.why})", fg="magenta")
        if done.conflicts:
            note(common, "To take theirs, put the file back and pull again; to send yours, apply.")
        result(
            common,
            f"Pulled: {len(done.pulled):,} datapoints into {len(done.files):,} files, "
            f"{len(done.conflicts):,} conflicts, {len(done.theirs):,} left at the project.",
        )
    return ExitCode.SOME_FAILED if done.conflicts or done.theirs else ExitCode.DONE
