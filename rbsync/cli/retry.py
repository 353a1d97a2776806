"""`rbsync retry`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from rbsync.cli.open_workspace import meta, opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import document, result
from rbsync.cli.planning_options import history, planning, running
from rbsync.cli.running import RunFlags, run_plan
from rbsync.errors import ExitCode
from rbsync.stores.record_pages import each_failed

if TYPE_CHECKING:
    from rbsync.sync.plan_options import PlanOptions


@click.command("retry")
@planning
@running
@history
@with_common_options
# What is named nowhere goes into RunFlags, which refuses what it does not know: no option is left
# out without a word.
def command(
    common: CommonOptions,
    options: PlanOptions,
    rehash: bool,
    **flags: Any,
) -> int:
    """Plan and apply only what failed, also what the service refused for its content.

    \b
    Example:
      rbsync retry --yes --target "images/**"
    """
    with opened(common) as workspace:
        failed = frozenset(one.name for one in each_failed(workspace.store))
    if not failed:
        _say_so(common)
        return ExitCode.DONE
    options = replace(options, only=failed, insist=True)
    return run_plan(common, options, RunFlags(**flags), rehash=rehash)


def _say_so(common: CommonOptions) -> None:
    from rbsync.documents.report_document import report_json
    from rbsync.model.outcome import Report

    if common.json:
        document(common, report_json(Report((), ExitCode.DONE), meta()))
    else:
        result(common, "Nothing has failed.")
