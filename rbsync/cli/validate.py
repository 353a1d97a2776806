"""`rbsync validate`."""

from __future__ import annotations

import click

from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import document, result
from rbsync.cli.render.error_view import show_warnings
from rbsync.cli.render.numbers import plural
from rbsync.errors import ExitCode


@click.command("validate")
@with_common_options
def command(common: CommonOptions) -> int:
    """Report all problems of the manifest and of what it names. Changes nothing.

    \b
    Example:
      rbsync validate
    """
    from rbsync.documents.parts import problem_json
    from rbsync.sync.declared_dataset import expand

    with opened(common, strict=False, asks_nobody=True) as workspace:
        dataset = expand(workspace)
    if common.json:
        warnings = [problem_json(one) for one in dataset.warnings]
        document(common, {"problems": [], "warnings": warnings})
    else:
        show_warnings(dataset.warnings, common)
        show_warnings(dataset.unused if common.verbose else (), common)
        result(common, f"{plural(len(dataset.datapoints), 'datapoint')}, no problems.")
    return ExitCode.DONE
