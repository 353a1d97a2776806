"""Runs and changes for people: a line each."""

from __future__ import annotations

import time

from rbsync.label_changes.change_kinds import LabelChanges
from rbsync.label_changes.change_wording import told
from rbsync.model.history import Change, Run

SHORT = 8
"""Digits of an id, or of a revision, that tell it from others."""


def run_line(run: Run) -> str:
    """When, who, where, of what, how much, and how long."""
    who = f"{run.user}@{run.host}"
    counts = (
        f"{run.created:,} created, {run.updated:,} updated, {run.deleted:,} deleted,"
        f" {run.failed:,} failed"
    )
    if run.moved:
        counts += f", {run.moved:,} moved"
    of = f"  git {run.revision[:SHORT]}" if run.revision else ""
    data = f"  data {_short(run.dataset)}" if run.dataset else ""
    undoes = f"  took back {', '.join(run.undoes)}" if run.undoes else ""
    head = f"{run.id}  {moment(run.started)}  {run.command}  {who}{of}{data}"
    return f"{head}  {_end(run, counts)}{undoes}"


def _end(run: Run, counts: str) -> str:
    if run.ended is None:
        return "did not end"
    return f"{counts}, {run.ended - run.started:.1f} s"


def change_line(change: Change, labels: LabelChanges | None = None) -> str:
    """One change of a datapoint's life, and what it did to its labels."""
    what = ", ".join(change.facets) if change.verb == "update" else ""
    of = f"  ({what})" if what else ""
    was = "kept" if change.before else "nothing before"
    did = f"  labels: {told(labels)}" if labels else ""
    return f"{moment(change.time)}  {change.run}  {change.verb}{of}  {was}{did}"


def moment(seconds: float) -> str:
    """A time in UTC."""
    # One history may have runs of machines in several time zones.
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(seconds))


def _short(digest: str) -> str:
    return digest.rpartition(":")[2][:SHORT]
