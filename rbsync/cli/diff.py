"""`rbsync diff`."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from functools import cached_property, partial
from typing import TYPE_CHECKING

import click

from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, no_stream, page_url, with_common_options
from rbsync.cli.output import document, note
from rbsync.cli.output import markdown as print_markdown
from rbsync.cli.plan_facts import page_at
from rbsync.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from rbsync.locks.differences import Difference
    from rbsync.sync.diffing import Version
    from rbsync.sync.workspace import Workspace


@click.command("diff")
@click.argument("before", metavar="A")
@click.argument("after", metavar="[B]", default="")
@click.option(
    "--markdown", metavar="FILE", help="Write the difference as Markdown; to `-`: print it."
)
@click.option(
    "--html", metavar="FILE", callback=no_stream, help="Write it as a page with pictures of labels."
)
@page_url
@with_common_options
def command(
    common: CommonOptions,
    before: str,
    after: str,
    markdown: str | None,
    html: str | None,
    page_url: str,
) -> int:
    """Tell in what version B differs from version A; without B, the files at hand.

    A version is a git revision that has a lock, a folder with one, or `lock` for that of this
    folder. One of the two may be `project`, which reads all that the project has, or
    `release:NAME`. Exits with 2 when they differ.

    \b
    Examples:
      rbsync diff v1 v2
      rbsync diff HEAD --markdown diff.md
      rbsync diff v1 v2 --markdown -
      rbsync diff HEAD --html diff.html
      rbsync diff HEAD project
      rbsync diff release:v1 lock
    """
    from rbsync.cli.render.difference_view import MOST, show_difference
    from rbsync.sync.diffing import compare_versions

    page = page_at(html, page_url)
    with ExitStack() as stack:
        if html:
            stack.enter_context(_seen_masks_kept())
        old, new = _Versions(stack, common).both(before, after)
        # Labels that nobody is shown are not opened: both sides would have to be read.
        all_labels = common.json or common.verbose
        found, labels = compare_versions(old, new, None if all_labels else MOST)
        if html:
            _write_pages(html, found, old, new)
    digests = {"before": old.digest, "after": new.digest}
    is_printed = False
    if markdown:
        from rbsync.cli.render.difference_markdown import difference_markdown

        text = difference_markdown(found, labels, **digests, html=page)
        is_printed = print_markdown(common, markdown, text)
    if common.json:
        # Here, for its models take as long to load as a difference of few lines takes to be told.
        from rbsync.documents.versions import difference_json

        document(common, {**digests, "difference": difference_json(found, labels)})
    elif not is_printed:
        show_difference(common, found, labels)
        note(common, f"{digests['before']} to")
        note(common, digests["after"] if found else f"{digests['after']}: no difference")
    return ExitCode.CHANGES if found else ExitCode.DONE


def _seen_masks_kept() -> AbstractContextManager[None]:
    from rbsync.masks.seen_masks import seen_masks_kept

    return seen_masks_kept()


def _write_pages(path: str, found: Difference, old: Version, new: Version) -> None:
    from rbsync.cli.pages.difference_page import difference_pages
    from rbsync.cli.pages.many_pages import write_pages
    from rbsync.sync.pictured_changes import MOST, pictured_difference

    names = [one.name for one in found.changed if "labels" in one.facets][:MOST]
    pictured = dict(pictured_difference(old, new, names))
    write_pages(path, partial(difference_pages, found, pictured, (old.digest, new.digest)))


class _Versions:
    """The versions that two names mean; what they need is open until the stack is closed."""

    def __init__(self, stack: ExitStack, common: CommonOptions) -> None:
        self._stack = stack
        self._common = common

    def both(self, before: str, after: str) -> tuple[Version, Version]:
        """The two, of which one may be the project. Raises UsageError and UserError."""
        from rbsync.sync.diffing import LOCK, named_both

        there = [_is_there(one) for one in (before, after)]
        if all(there):
            raise UsageError("one of the two is at the project, and the other one is a lock")
        if there[0]:
            new = self._here(after) if after else self._files
            return self._there(before, new), new
        if after and not there[1] and LOCK not in (before, after):
            return named_both(self._common.manifest_path, before, after, self._common.trust)
        old = self._here(before)
        if there[1]:
            return old, self._there(after, old)
        return old, self._here(after) if after else self._files

    def _here(self, name: str) -> Version:
        from rbsync.sync.diffing import LOCK, locked_at_hand, named

        if name == LOCK:
            return locked_at_hand(self._by_sums, self._files)
        return named(self._common.manifest_path, name, self._common.trust)

    def _there(self, name: str, against: Version) -> Version:
        from rbsync.sync.diffing import PROJECT, RELEASE, at_project
        from rbsync.sync.releasing import at_release

        files = self._files
        workspace = self._stack.enter_context(opened(self._common, strict=False))
        if name == PROJECT:
            return at_project(workspace, against, files)
        return at_release(workspace, name.removeprefix(RELEASE), against, files)

    @cached_property
    def _by_sums(self) -> Workspace:
        # Versions are compared by the sums in locks, which are SHA-256 whatever the manifest says.
        by_sums = opened(self._common, strict=False, asks_nobody=True, sums=True)
        return self._stack.enter_context(by_sums)

    @cached_property
    def _files(self) -> Version:
        from rbsync.sync.diffing import at_hand

        return at_hand(self._by_sums)


def _is_there(name: str) -> bool:
    from rbsync.sync.diffing import PROJECT, RELEASE

    return name == PROJECT or name.startswith(RELEASE)
