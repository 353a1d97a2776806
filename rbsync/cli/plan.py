"""`rbsync plan`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from hashlib import sha256
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from rbsync.cli.locked import locked as locked_option
from rbsync.cli.locked import require_locked
from rbsync.cli.next_step import Kept, next_steps
from rbsync.cli.open_workspace import meta, opened
from rbsync.cli.options import CommonOptions, no_stream, page_url, with_common_options
from rbsync.cli.output import document, note
from rbsync.cli.output import markdown as print_markdown
from rbsync.cli.plan_facts import NOT_KNOWN, About, page_at
from rbsync.cli.planning_options import give_up_after as give_up_after_option
from rbsync.cli.planning_options import planning, redo, refresh
from rbsync.errors import BackendError, ExitCode, Problem
from rbsync.model.plan import Plan
from rbsync.reasons import PASSING

if TYPE_CHECKING:
    from rbsync.label_changes.change_kinds import LabelChanges
    from rbsync.sync.plan_options import PlanOptions
    from rbsync.sync.since import Since
    from rbsync.sync.workspace import Workspace


@click.command("plan")
@click.option(
    "-o", "--output", metavar="FILE", callback=no_stream, help="Write the plan, for `apply FILE`."
)
@click.option("--markdown", metavar="FILE", help="Write the plan as Markdown; to `-`: print it.")
@click.option(
    "--html",
    metavar="FILE",
    callback=no_stream,
    help="Write the plan as a page with pictures of labels.",
)
@page_url
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there are changes.")
@click.option(
    "--since",
    default="",
    metavar="REV",
    help="Only what changed since HEAD and this git revision had a common commit.",
)
@locked_option
@refresh
@redo
@planning
@give_up_after_option
@with_common_options
def command(
    common: CommonOptions,
    output: str | None,
    markdown: str | None,
    html: str | None,
    page_url: str,
    detailed_exitcode: bool,
    since: str,
    locked: bool,
    options: PlanOptions,
    rehash: bool,
    give_up_after: float,
) -> int:
    """Say what the project lacks. Changes nothing.

    With --refresh the whole project is read: what was deleted there is created again, and what
    was changed there is blocked as a conflict. With -v, what changes in labels is told.

    \b
    Examples:
      rbsync plan -o p.json --markdown p.md --html p.html --page-url https://ci.example/p.html
      rbsync plan --refresh --detailed-exitcode
      rbsync plan --markdown -
      rbsync plan --offline --target "images/**"
      rbsync plan --locked --since origin/main
      rbsync plan -v --target "masks/**"
      rbsync plan --policy on_change=replace --prune --on-move keep
      rbsync plan --executor processes
    """
    from rbsync.sync.known_version import has_lock, known_version
    from rbsync.sync.planning import make_plan

    page = page_at(html, page_url)
    version = require_locked(common) if locked else ""
    with _opened(common, html, rehash=rehash, give_up_after=give_up_after) as workspace:
        is_far = not workspace.backend.capabilities.at_hand
        touched = _touched(workspace, since) if since else None
        options = replace(options, only=touched.names) if touched else options
        plan = _made(lambda: make_plan(workspace, options), is_far=is_far)
        plan = touched.told(plan) if touched else plan
        labels = _labels(workspace, plan, common, asked=bool(markdown), is_far=is_far)
        version = version or known_version(workspace)
        about = About(version=version, base=touched.base if touched else "", page=page)
        about = _with_digest(about, workspace, plan) if markdown or common.json else about
        _write_pages(html, workspace, plan)
        locks = has_lock(workspace)
        untrusted = workspace.manifest.trust.untrusted
        unused = _unused(workspace, common)
    told = _Told(plan, labels, about)
    digest = _keep(output, told, untrusted) if output else ""
    is_printed = markdown is not None and print_markdown(common, markdown, told.as_markdown())
    if common.json:
        document(common, told.as_json(labels))
        return _exit_code(plan, detailed_exitcode)
    if not is_printed:
        _show(told, common, unused, locks=locks)
    if output or not untrusted:
        kept = Kept(output or "", digest, about.digest if markdown else "")
        _advise(common, next_steps(common, plan, options, kept))
    return _exit_code(plan, detailed_exitcode)


def _advise(common: CommonOptions, steps: Iterable[str]) -> None:
    for line in steps:
        note(common, line)


@contextmanager
def _opened(
    common: CommonOptions, html: str | None, *, rehash: bool, give_up_after: float
) -> Iterator[Workspace]:
    """The workspace; the masks that are read stay at hand for the pictures of a page."""
    made = opened(
        common, rehash=rehash, strict=False, asks_nobody=True, give_up_after=give_up_after
    )
    with ExitStack() as stack:
        if html:
            from rbsync.masks.seen_masks import seen_masks_kept

            stack.enter_context(seen_masks_kept())
        yield stack.enter_context(made)


class _Told(NamedTuple):
    """A plan with what is told beside it."""

    plan: Plan
    labels: Mapping[str, LabelChanges]
    about: About

    def as_json(self, labels: Mapping[str, LabelChanges] = MappingProxyType({})) -> dict[str, Any]:
        from rbsync.documents.plan_document import plan_json

        about = self.about
        return plan_json(self.plan, meta(), labels, digest=about.digest, version=about.version)

    def as_markdown(self) -> str:
        from rbsync.cli.render.markdown import plan_markdown

        return plan_markdown(self.plan, self.labels, self.about)


def _write_pages(path: str | None, workspace: Workspace, plan: Plan) -> None:
    """Writes the plan as pages, where they are asked for."""
    if not path:
        return
    from rbsync.cli.pages.many_pages import write_pages
    from rbsync.cli.pages.plan_page import plan_pages
    from rbsync.sync.pictured_changes import pictured_plan

    write_pages(path, partial(plan_pages, plan, dict(pictured_plan(workspace, plan))))


def _unused(workspace: Workspace, common: CommonOptions) -> tuple[Problem, ...]:
    """The classes that no mask has, where they are told."""
    if common.json or not common.verbose:
        return ()
    from rbsync.sync.declared_dataset import unused_classes

    return unused_classes(workspace)


def _touched(workspace: Workspace, revision: str) -> Since:
    from rbsync.sync.since import touched_since

    return touched_since(workspace, revision)


def _with_digest(about: About, workspace: Workspace, plan: Plan) -> About:
    """The facts of a plan with its digest, and where in git it is of."""
    from rbsync.documents.plan_digest import plan_digest
    from rbsync.sync.git import git_path, revision_of

    manifest = workspace.manifest
    key = sha256(os.fsencode(git_path(manifest.file))).hexdigest()[:12]
    return about._replace(digest=plan_digest(plan), key=key, head=revision_of(manifest.root))


def _made(make: Callable[[], Plan], *, is_far: bool) -> Plan:
    """A plan. When the service cannot be reached, the failure says that nothing is known."""
    try:
        return make()
    except BackendError as error:
        if is_far and error.kind in PASSING:
            # A script must not take a service that is away for a mistake in the manifest.
            error.exit_code = ExitCode.INCOMPLETE
            offline = "or plan with --offline, without looking at the project"
            error.hint = f"{error.hint}, {offline}" if error.hint else offline
        raise


def _labels(
    workspace: Workspace, plan: Plan, common: CommonOptions, *, asked: bool, is_far: bool
) -> Mapping[str, LabelChanges]:
    """The changes in labels, as many as are shown."""
    if not plan.actions:
        return {}
    from rbsync.cli.render.markdown import SHOWN
    from rbsync.cli.render.plan_view import LISTED
    from rbsync.sync.label_news import labels_of_plan

    if common.verbose:
        return labels_of_plan(workspace, plan)
    if asked:
        return labels_of_plan(workspace, plan, SHOWN)
    # From a service they have to be fetched, which a plain plan does not; and where actions are
    # folded none of them is shown.
    if is_far or common.json or len(plan.actions) > LISTED:
        return {}
    return labels_of_plan(workspace, plan, LISTED)


def _show(told: _Told, common: CommonOptions, unused: tuple[Problem, ...], *, locks: bool) -> None:
    from rbsync.cli.render.error_view import show_warnings
    from rbsync.cli.render.plan_view import show_plan

    show_warnings(unused, common)
    show_plan(told.plan, common, labels=told.labels, asks=False)
    if locks:
        note(common, f"Dataset {told.about.version or NOT_KNOWN}.")


def _keep(path: str, told: _Told, untrusted: bool) -> str:
    """Writes a plan, and takes it down as one's own unless a stranger's manifest led to it."""
    from rbsync.documents.text import dump
    from rbsync.trust.own_plans import digest_of, remember_own

    text = dump(told.as_json())
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
    # First: a script that reads 0 or 2 would take the part that was seen for the whole.
    if plan.is_incomplete:
        return ExitCode.INCOMPLETE
    is_changed = plan.actions or plan.added_categories or plan.new_project
    return ExitCode.CHANGES if detailed and is_changed else ExitCode.DONE
