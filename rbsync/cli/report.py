"""`rbsync report`."""

from __future__ import annotations

import json
import os
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, no_stream, with_common_options
from rbsync.cli.output import document, note, result
from rbsync.cli.running import REPORT
from rbsync.errors import ExitCode, RbsyncError
from rbsync.stores.record_pages import amounts

if TYPE_CHECKING:
    from rbsync.sync.workspace import Workspace


@click.command("report")
@click.option("--html", metavar="FILE", callback=no_stream, help="Write it as a page.")
@with_common_options
def command(common: CommonOptions, html: str | None) -> int:
    """Tell what became of the last run that did something, and how the state stands.

    \b
    Examples:
      rbsync report
      rbsync report --html report.html
    """
    with opened(common, looks_on=True) as workspace:
        text = _last_report(workspace)
        state = _state(workspace)
    report = json.loads(text)
    if html:
        from rbsync.cli.pages.many_pages import write_pages
        from rbsync.cli.pages.report_page import report_pages

        write_pages(html, partial(report_pages, report, state))
    if common.json:
        # As it was kept: it is the document of the run, and no other one.
        document(common, report)
        return ExitCode.DONE
    numbers = ", ".join(f"{one:,} {key}" for key, one in _counts(report).items())
    result(common, f"Last run: {numbers or 'nothing'}; exit code {report['exit_code']}.")
    result(common, "State: " + ", ".join(f"{one:,} {key}" for key, one in state.items()) + ".")
    if _counts(report).get("failed"):
        note(common, "`rbsync failures` says why.")
    return ExitCode.DONE


def _counts(report: dict[str, Any]) -> dict[str, int]:
    return {key: one for key, one in report["summary"].items() if one}


def _last_report(workspace: Workspace) -> str:
    path = os.path.join(os.path.dirname(workspace.recovery_file.path), REPORT)
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        hint = "`rbsync apply` leaves one when it has done something"
        raise RbsyncError("there is no report of a run here", hint=hint) from error


def _state(workspace: Workspace) -> dict[str, int]:
    applied, failed, pending = amounts(workspace.store)
    return {"applied": applied, "failed": failed, "unsettled": pending}
