"""`rbsync merge-driver`."""

from __future__ import annotations

import click

from rbsync.cli.escaping import one_line
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import complaint, document
from rbsync.errors import ExitCode

MOST = 5
"""Conflicts of a file that are told one by one."""


@click.command("merge-driver")
@click.argument("base", metavar="BASE")
@click.argument("ours", metavar="OURS")
@click.argument("theirs", metavar="THEIRS")
@click.argument("path", metavar="PATH")
@with_common_options
def command(common: CommonOptions, base: str, ours: str, theirs: str, path: str) -> int:
    """Merge two versions of a lock file, for git. The result is written to OURS.

    Git calls it, once `rbsync lock --install-merge-driver` has told it to.

    \b
    Example:
      rbsync merge-driver %O %A %B %P
    """
    from rbsync.sync.lock_merging import merge_files

    conflicts = merge_files(base, ours, theirs, path)
    if common.json:
        document(common, {"path": path, "conflicts": conflicts})
    # Where one setting of all changed on both sides, each file of the lock has all of its names.
    shown = conflicts if common.verbose or len(conflicts) <= MOST + 1 else conflicts[:MOST]
    for key in shown:
        complaint(common, one_line(f"{path}: both sides changed `{key}`"))
    if len(shown) < len(conflicts):
        complaint(
            common, one_line(f"{path}: … and {len(conflicts) - len(shown):,} more of both sides")
        )
    # By this code git knows that the file is left with conflicts; 0 would commit them.
    return ExitCode.ERROR if conflicts else ExitCode.DONE
