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

    with opened(common, looks_on=True) as workspace:
        records = workspace.store.records()
    failed = {name: one for name, one in sorted(records.items()) if one.has_failed}
    failures = {name: one.failure for name, one in failed.items() if one.failure}
    if common.json:
        entries = [{"name": name, **(failure_json(one) or {})} for name, one in failures.items()]
        document(common, {"failures": entries})
    elif failures:
        show_failures(failures, common)
    else:
        result(common, "Nothing has failed.")
    return ExitCode.DONE
