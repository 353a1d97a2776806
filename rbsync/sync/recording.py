"""A run in the history: begun, kept up with, ended, and what is too old swept."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from rbsync.applier.keeping import HistoryKeeper, Keeping, NoHistory
from rbsync.errors import RefusedError
from rbsync.model.history import Run
from rbsync.model.outcome import Report
from rbsync.model.plan import Overwriting, Plan
from rbsync.stores.base import Owner
from rbsync.sync.git import revision_of
from rbsync.sync.known_version import known_version
from rbsync.sync.workspace import NO_HISTORY, Workspace

DAY = 86400.0


class Recording:
    """``keeping`` is what the run writes to; ``report`` is what came of it, once it is known."""

    def __init__(self, keeping: Keeping) -> None:
        self.keeping = keeping
        self.report: Report | None = None


@contextmanager
def recorded(
    workspace: Workspace, plan: Plan, owner: Owner, command: str, undoes: tuple[str, ...]
) -> Iterator[Recording]:
    """Writes a run down. One that raises is left without an end. Raises StoreError."""
    # A job that runs every hour and changes nothing would bury the runs that did.
    if workspace.history_at == NO_HISTORY or not plan.effects:
        yield Recording(NoHistory())
        return
    run = Run(
        owner.run,
        command,
        owner.since,
        owner.user,
        owner.host,
        workspace.revision or revision_of(workspace.manifest.root),
        known_version(workspace) or plan.dataset,
        undoes,
    )
    workspace.history.begin(run)
    recording = Recording(HistoryKeeper(workspace.history, run.id, workspace.backend))
    yield recording
    # A run that raised stays without an end, so that the history shows that it was cut off.
    if recording.report is not None:
        workspace.history.end(_ended(run, recording.report))
    workspace.history.sweep(time.time() - workspace.manifest.settings.policy.history * DAY)


def _ended(run: Run, report: Report) -> Run:
    return replace(
        run,
        ended=time.time(),
        created=report.count("applied", "create"),
        updated=report.count("applied", "update", "replace"),
        deleted=report.count("removed"),
        failed=report.count("failed"),
        exit_code=int(report.exit_code),
        moved=report.count("applied", "move"),
    )


def check_lasting(workspace: Workspace, plan: Plan) -> None:
    """Raises RefusedError where people's work would be kept in a folder that is thrown away.

    A job's folder goes with the job, and with it the only copy of what they made. What rbsync
    left is in git anyway.
    """
    if not os.environ.get("CI") or workspace.history_at:
        return
    theirs = [one.name for one in plan.singled_out if isinstance(one, Overwriting) and one.over]
    if theirs and workspace.is_new:
        raise RefusedError(
            f"the plan would take away what people made of {len(theirs):,} datapoints, the first "
            f"of them `{theirs[0]}`, and this job's folder, with the history, will be gone",
            hint="keep the history where it lasts with --history DIR, or pass --history none",
        )
