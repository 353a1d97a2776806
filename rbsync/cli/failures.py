"""`rbsync failures`."""

from __future__ import annotations

import click

from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import document, result
from rbsync.errors import ExitCode


@click.command("failures")
@with_common_options
def command(common: CommonOptions) -> int:
    """List what failed, grouped by cause.

    \b
    Example:
      rbsync failures
    """
    from rbsync.cli.render.report_view import show_failures
    from rbsync.documents.report_document import failure_json
    from rbsync.stores.record_pages import each_failed

    with opened(common, looks_on=True) as workspace:
        failures = {one.name: one.failure for one in each_failed(workspace.store) if one.failure}
    if common.json:
        entries = ({"name": name, **(failure_json(one) or {})} for name, one in failures.items())
        document(common, {"failures": entries})
    elif failures:
        show_failures(failures, common)
    else:
        result(common, "Nothing has failed.")
    return ExitCode.DONE
