"""`rbsync diff`."""

from __future__ import annotations

from contextlib import ExitStack

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
    from rbsync.cli.render.difference_view import MOST, show_difference
    from rbsync.documents.versions import difference_json
    from rbsync.sync.diffing import at_hand, compare_versions, named

    old = named(common.manifest_path, before, common.trust)
    with ExitStack() as stack:
        if after:
            new = named(common.manifest_path, after, common.trust)
        else:
            opening = opened(common, strict=False, asks_nobody=True, sums=True)
            new = at_hand(stack.enter_context(opening))
        all_labels = common.json or common.verbose
        found, labels = compare_versions(old, new, None if all_labels else MOST)
    digests = {"before": old.digest, "after": new.digest}
    if common.json:
        document(common, {**digests, "difference": difference_json(found, labels)})
    else:
        show_difference(common, found, labels)
        note(common, f"{digests['before']} to")
        note(common, digests["after"])
    return ExitCode.CHANGES if found else ExitCode.DONE
