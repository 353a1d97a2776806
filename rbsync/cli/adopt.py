"""`rbsync adopt`."""

from __future__ import annotations

import click

from rbsync.cli.escaping import one_line
from rbsync.cli.name_completion import complete_names
from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import complaint, document, note, result
from rbsync.cli.planning_options import give_up_after as give_up_after_option
from rbsync.cli.planning_options import lock_timeout as lock_timeout_option
from rbsync.cli.render.name_list import name_lines, show_names
from rbsync.errors import ExitCode


@click.command("adopt")
@click.argument("names", nargs=-1, metavar="[NAME|GLOB]...", shell_complete=complete_names)
@click.option("--force", is_flag=True, help="Also what differs: the next apply updates it.")
@lock_timeout_option
@give_up_after_option
@with_common_options
def command(
    common: CommonOptions,
    names: tuple[str, ...],
    force: bool,
    lock_timeout: float,
    give_up_after: float,
) -> int:
    """Take over what the project has already, of all that is declared or of NAMES.

    What has the declared content is recorded. Anything else is refused, unless --force is given:
    then it is recorded too, and the next apply overwrites all of it. The project stays as it is.
    Exits with 3 when something was refused.

    \b
    Examples:
      rbsync adopt
      rbsync adopt "scans/2024-*" --force
    """
    from rbsync.sync.adopting import adopt

    with opened(common, give_up_after=give_up_after) as workspace:
        done = adopt(workspace, names, lock_timeout, force=force)
    if common.json:
        refused = [one._asdict() for one in done.refused]
        document(common, {**done._asdict(), "refused": refused})
    else:
        show_names(common, "+", done.recorded, "green")
        show_names(common, "~", done.forced, "yellow")
        why = {one.name: one.why for one in done.refused}
        for line in name_lines("!", list(why), why, all_of_them=bool(common.verbose)):
            complaint(common, one_line(line), fg="magenta")
        if done.forced:
            note(common, "The next apply overwrites what was taken over by force (~).")
        counts = (len(done.recorded) + len(done.forced), len(done.refused))
        result(common, f"Adopted: {counts[0]:,} taken over, {counts[1]:,} refused.")
    return ExitCode.SOME_FAILED if done.refused else ExitCode.DONE
