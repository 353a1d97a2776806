"""`rbsync plan`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import click

from rbsync.cli.locked import locked as locked_option
from rbsync.cli.locked import require_locked
from rbsync.cli.open_workspace import meta, opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import document, note
from rbsync.cli.planning_options import planning, redo, refresh
from rbsync.errors import BackendError, ExitCode
from rbsync.model.plan import Plan
from rbsync.reasons import PASSING

if TYPE_CHECKING:
    from rbsync.label_changes.changes import LabelChanges
    from rbsync.sync.planning import PlanOptions
    from rbsync.sync.workspace import Workspace


@click.command("plan")
@click.option("-o", "--output", metavar="FILE", help="Write the plan, for `apply FILE`.")
@click.option("--markdown", metavar="FILE", help="Write the plan as Markdown.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there are changes.")
@locked_option
@refresh
@redo
@planning
@with_common_options
def command(
    common: CommonOptions,
    output: str | None,
    markdown: str | None,
    detailed_exitcode: bool,
    locked: bool,
    options: PlanOptions,
    rehash: bool,
) -> int:
    """Say what the project lacks. Changes nothing.

    With --refresh the whole project is read: what was deleted there is created again, and what
    was changed there is blocked as a conflict. With -v, what changes in labels is told.

    \b
    Examples:
      rbsync plan -o p.json
      rbsync plan --refresh --detailed-exitcode
      rbsync plan --offline --target "images/**"
      rbsync plan --locked
      rbsync plan -v --target "masks/**"
      rbsync plan --policy on_change=replace --prune
      rbsync plan --on-move keep
    """
    from rbsync.sync.planning import make_plan

    if locked:
        require_locked(common)
    with opened(common, rehash=rehash, strict=False, asks_nobody=True) as workspace:
        is_far = not workspace.backend.capabilities.at_hand
        plan = _made(lambda: make_plan(workspace, options), is_far=is_far)
        labels = _labels(workspace, plan, common, is_written=bool(markdown))
    digest = _keep(output, _as_json(plan), workspace.manifest.trust.untrusted) if output else ""
    if markdown:
        from rbsync.cli.render.markdown import plan_markdown

        _write(markdown, plan_markdown(plan, labels))
    _show(plan, common, labels)
    if output and not common.json:
        note(common, f"Apply exactly this with: rbsync apply {output}")
        note(common, f"and from elsewhere with: rbsync apply {output} --expect {digest}")
    return _exit_code(plan, detailed_exitcode)


def _made(make: Callable[[], Plan], *, is_far: bool) -> Plan:
    """A plan. When the service cannot be reached, the failure says that nothing is known."""
    try:
        return make()
    except BackendError as error:
        if is_far and error.kind in PASSING:
            error.exit_code = ExitCode.INCOMPLETE
            offline = "or plan with --offline, without looking at the project"
            error.hint = f"{error.hint}, {offline}" if error.hint else offline
        raise


def _labels(
    workspace: Workspace, plan: Plan, common: CommonOptions, *, is_written: bool
) -> Mapping[str, LabelChanges]:
    """What changes in labels: to be told it has to be fetched, which a plain plan does not."""
    if not (common.verbose or is_written):
        return {}
    from rbsync.cli.render.markdown import SHOWN
    from rbsync.sync.label_news import labels_of_plan

    return labels_of_plan(workspace, plan, None if common.verbose else SHOWN)


def _show(plan: Plan, common: CommonOptions, labels: Mapping[str, LabelChanges]) -> None:
    if common.json:
        from rbsync.documents.plan_document import plan_json

        document(common, plan_json(plan, meta(), labels))
    else:
        from rbsync.cli.render.plan_view import show_plan

        show_plan(plan, common, labels=labels)


def _as_json(plan: Plan) -> str:
    from rbsync.documents.plan_document import plan_json
    from rbsync.documents.text import dump

    return dump(plan_json(plan, meta()))


def _keep(path: str, text: str, untrusted: bool) -> str:
    """Writes a plan, and takes it down as one's own unless a stranger's manifest led to it."""
    from rbsync.trust.own_plans import digest_of, remember_own

    _write(path, text)
    digest = digest_of(text.encode())
    # Else a stranger's manifest would make its plans pass for the user's own, to be applied without
    # a question.
    if not untrusted:
        remember_own(digest)
    return digest


def _write(path: str, text: str) -> None:
    from rbsync.written_files import write_whole

    write_whole(path, text)


def _exit_code(plan: Plan, detailed: bool) -> ExitCode:
    if plan.is_incomplete:
        return ExitCode.INCOMPLETE
    return ExitCode.CHANGES if detailed and plan.actions else ExitCode.DONE
