"""The time of the last look at a project, so that a plan can say how old what it knows is."""

from __future__ import annotations

import json
import time
from contextlib import suppress

from rbsync.sync.workspace import Workspace

_KEY = "looked at"
RECENT = 60.0
"""Seconds within which a project that was looked at counts as looked at: two commands in a row."""


def note_look(workspace: Workspace) -> None:
    """Remembers that the project was just looked at."""
    workspace.inputs.cache.put_memo(_KEY, json.dumps(time.time()))


def unseen_for(workspace: Workspace) -> float | None:
    """For how many seconds nobody has looked at the project.

    None for a project that is at hand, or that was looked at just now; infinity when no look is
    remembered.
    """
    # A project in a folder is read for each plan: a warning of its age would say nothing.
    if workspace.backend.capabilities.at_hand:
        return None
    seconds = float("inf")
    with suppress(ValueError):
        looked_at = float(workspace.inputs.cache.memo(_KEY) or "-inf")
        # A clock that was set back makes no look one of the future.
        seconds = max(0.0, time.time() - looked_at)
    return None if seconds < RECENT else seconds
