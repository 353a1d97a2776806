"""`rbsync diff`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import document, note
from rbsync.errors import ExitCode

if TYPE_CHECKING:
    from rbsync.sync.diffing import Version


@click.command("diff")
@click.argument("before", metavar="A")
@click.argument("after", metavar="[B]", default="")
@click.option("--markdown", metavar="FILE", help="Write the difference as Markdown.")
@with_common_options
def command(common: CommonOptions, before: str, after: str, markdown: str | None) -> int:
    """Tell in what version B differs from version A; without B, the files at hand.

    A version is a git revision that has a lock, or a folder with one; B may be `project`, which
    reads all that the project has. Exits with 2 when they differ.

    \b
    Examples:
      rbsync diff v1 v2
      rbsync diff HEAD --markdown diff.md
      rbsync diff HEAD project
    """
    from rbsync.cli.render.difference_view import MOST, show_difference
    from rbsync.documents.versions import difference_json
    from rbsync.sync.diffing import compare_versions, named

    old = named(common.manifest_path, before, common.trust)
    with ExitStack() as stack:
        new = _after(stack, common, old, after)
        all_labels = common.json or common.verbose
        found, labels = compare_versions(old, new, None if all_labels else MOST)
    digests = {"before": old.digest, "after": new.digest}
    if markdown:
        from rbsync.cli.render.difference_markdown import difference_markdown
        from rbsync.written_files import write_whole

        write_whole(
            markdown, difference_markdown(found, labels, before=old.digest, after=new.digest)
        )
    if common.json:
        document(common, {**digests, "difference": difference_json(found, labels)})
    else:
        show_difference(common, found, labels)
        note(common, f"{digests['before']} to")
        note(common, digests["after"])
    return ExitCode.CHANGES if found else ExitCode.DONE


def _after(stack: ExitStack, common: CommonOptions, old: Version, after: str) -> Version:
    """The later version; what it needs is open until the stack is closed."""
    from rbsync.sync.diffing import PROJECT, at_hand, at_project, named

    if after and after != PROJECT:
        return named(common.manifest_path, after, common.trust)
    # Versions are compared by the sums in locks, which are SHA-256 whatever the manifest says.
    by_sums = opened(common, strict=False, asks_nobody=not after, sums=True)
    files = at_hand(stack.enter_context(by_sums))
    if not after:
        return files
    return at_project(stack.enter_context(opened(common, strict=False)), old, files)
