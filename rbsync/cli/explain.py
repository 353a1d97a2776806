"""`rbsync explain`."""

from __future__ import annotations

import difflib

import click

from rbsync.cli.escaping import one_line
from rbsync.cli.name_completion import complete_names, composed_names
from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import document, result
from rbsync.errors import ExitCode, RbsyncError


@click.command("explain")
@click.argument("name", shell_complete=complete_names, callback=composed_names)
@with_common_options
def command(common: CommonOptions, name: str) -> int:
    """Say why the datapoint NAME has its action, facet by facet.

    \b
    Example:
      rbsync explain images/a.png
    """
    from rbsync.sync.explaining import explain

    with opened(common, asks_nobody=True) as workspace:
        found = explain(workspace, name)
    if found.action is None:
        near = difflib.get_close_matches(name, found.names, n=1)
        hint = f"did you mean `{near[0]}`?" if near else "`rbsync expand` lists all names"
        raise RbsyncError(f"neither the manifest nor the state has `{name}`", hint=hint)
    if common.json:
        document(common, found.as_json())
        return ExitCode.DONE
    for line in found.lines():
        result(common, one_line(line))
    return ExitCode.DONE
