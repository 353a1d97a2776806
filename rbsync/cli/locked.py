"""`--locked` of the commands that plan."""

from __future__ import annotations

import click

from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions
from rbsync.errors import RefusedError

locked = click.option(
    "--locked", is_flag=True, help="Stop unless the files are those of rbsync.lock/."
)


def require_locked(common: CommonOptions, at: str = "") -> str:
    """Makes sure that the files are those of the lock, and returns its digest.

    Raises UserError with the differences, and RefusedError for a manifest that is not trusted.
    """
    from rbsync.sync.locking import check_locked

    if common.trust.untrusted:
        raise RefusedError(
            "--locked proves nothing here: who sent the files sent the lock too",
            hint="leave out --locked, or compare with `rbsync diff REVISION`",
        )
    # A workspace of its own: a lock has SHA-256, and the plan may know files by another sum.
    with opened(common, strict=False, asks_nobody=True, sums=True, at=at) as workspace:
        return check_locked(workspace)
