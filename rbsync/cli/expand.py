"""`rbsync expand`."""

from __future__ import annotations

import click

from rbsync.cli.escaping import one_line
from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import document, note, result
from rbsync.cli.planning_options import keep_going as keep_going_option
from rbsync.cli.render.error_view import show_warnings
from rbsync.cli.render.numbers import plural, size
from rbsync.errors import ExitCode


@click.command("expand")
@keep_going_option
@with_common_options
def command(common: CommonOptions, keep_going: bool) -> int:
    """Print the datapoints that the manifest declares. Changes nothing.

    \b
    Example:
      rbsync expand --keep-going
    """
    from rbsync.documents.parts import datapoint_json
    from rbsync.sync.declared_dataset import expand

    with opened(common, strict=False, asks_nobody=True) as workspace:
        dataset = expand(workspace, keep_going=keep_going)
    if common.json:
        entries = [{"name": one.name, **datapoint_json(one)} for one in dataset.datapoints]
        found = {"digest": dataset.digest, "datapoints": len(entries)}
        document(common, {"dataset": found, "datapoints": entries})
        return ExitCode.DONE
    show_warnings(dataset.warnings, common)
    show_warnings(dataset.unused if common.verbose else (), common)
    for one in dataset.datapoints:
        result(common, one_line(one.name))
        if common.verbose:
            for item in one.items:
                note(common, one_line(f"    {item.ref}"))
    total = sum(one.size for one in dataset.datapoints)
    note(common, f"{plural(len(dataset.datapoints), 'datapoint')}, {size(total)}.")
    return ExitCode.DONE
