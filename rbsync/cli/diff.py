"""`rbsync diff`."""

from __future__ import annotations

import os

import click

from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import document, note
from rbsync.errors import ExitCode


@click.command("diff")
@click.argument("before", metavar="A")
@click.argument("after", metavar="[B]", default="")
@with_common_options
def command(common: CommonOptions, before: str, after: str) -> int:
    """Tell in what version B differs from version A; without B, the files at hand.

    A version is a git revision that has a lock, or a folder with one. Exits with 2 when they
    differ.

    \b
    Examples:
      rbsync diff v1 v2
      rbsync diff HEAD
    """
    from rbsync.cli.render.difference_view import show_difference
    from rbsync.documents.versions import difference_json
    from rbsync.locks.differences import compare
    from rbsync.locks.layout import digest_of, files_of
    from rbsync.sync.locking import lock_at_hand
    from rbsync.sync.revisions import version_of

    root = os.path.dirname(os.path.abspath(common.manifest_path))
    old = version_of(root, before)
    if after:
        new = version_of(root, after)
    else:
        with opened(common, strict=False, asks_nobody=True, sums=True) as workspace:
            new = lock_at_hand(workspace)
    found = compare(old, new)
    digests = {"before": digest_of(files_of(old)), "after": digest_of(files_of(new))}
    if common.json:
        document(common, {**digests, "difference": difference_json(found)})
    else:
        show_difference(common, found)
        note(common, f"{digests['before']} to")
        note(common, digests["after"])
    return ExitCode.CHANGES if found else ExitCode.DONE
