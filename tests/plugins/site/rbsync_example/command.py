"""A command: how many datapoints the manifest declares."""

from __future__ import annotations

import click

from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import answer
from rbsync.errors import ExitCode


@click.command("example-count")
@with_common_options
def command(common: CommonOptions) -> int:
    """Count the datapoints that the manifest declares."""
    from rbsync.sync.declared_dataset import expand

    with opened(common) as workspace:
        count = len(expand(workspace).datapoints)
    answer(common, f"{count} datapoints.", datapoints=count)
    return ExitCode.DONE
