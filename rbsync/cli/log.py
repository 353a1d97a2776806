"""`rbsync log`."""

from __future__ import annotations

import click

from rbsync.cli.escaping import one_line
from rbsync.cli.name_completion import complete_names, composed_names
from rbsync.cli.numbers_given import WholeNumber
from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import document, note, result
from rbsync.cli.planning_options import history
from rbsync.errors import ExitCode, RbsyncError

MOST = 20


@click.command("log")
@click.argument("name", required=False, shell_complete=complete_names, callback=composed_names)
@click.option(
    "-n", "most", metavar="N", type=WholeNumber(1), default=MOST, help=f"How many [{MOST}]."
)
@history
@with_common_options
def command(common: CommonOptions, name: str | None, most: int, history: str) -> int:
    """List the runs, newest first; with NAME, what became of that datapoint.

    \b
    Examples:
      rbsync log -n 5
      rbsync log scans/a.dcm
    """
    from rbsync.documents.history_documents import change_json, run_json
    from rbsync.sync.label_news import labels_of_life

    with opened(common, looks_on=True, history=history) as workspace:
        runs = workspace.history.runs()
        life = workspace.history.life(name) if name else []
        labels = labels_of_life(workspace, life[:most])
    # An empty list would make a mistyped name look like a datapoint that never changed.
    if name and not life:
        raise RbsyncError(f"the history has no `{name}`", hint="`rbsync log` lists the runs")
    if common.json:
        shown = {one.run for one in life[:most]}
        some = [one for one in runs if one.id in shown] if name else runs[:most]
        changes = [change_json(one, labels.get(at)) for at, one in enumerate(life[:most])]
        document(common, {"name": name, "runs": list(map(run_json, some)), "changes": changes})
        return ExitCode.DONE
    from rbsync.cli.render.history_view import change_line, run_line

    lines = [change_line(one, labels.get(at)) for at, one in enumerate(life)]
    lines = lines if name else [run_line(one) for one in runs]
    for line in lines[:most]:
        result(common, one_line(line))
    if len(lines) > most:
        note(common, f"… and {len(lines) - most:,} more (-n {len(lines)} lists all).")
    if not lines:
        note(common, "No run yet.")
    return ExitCode.DONE
