"""How long nobody has looked at a project that is not at hand (rbsync.sync.last_look)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rbsync.sync import last_look
from rbsync.sync.last_look import note_look, unseen_for
from rbsync.sync.workspace import Workspace
from tests.applier.faulty import Faulty
from tests.sync.conftest import Open


def away(workspace: Workspace) -> Workspace:
    """The same project, as one that is asked over a network."""
    return replace(workspace, backend=Faulty(workspace.backend, at_hand=False))


def test_a_project_that_is_at_hand_is_seen_all_the_time(opened: Open) -> None:
    with opened() as workspace:
        assert (
            unseen_for(replace(workspace, backend=Faulty(workspace.backend, at_hand=True))) is None
        )


def test_a_look_counts_for_a_while(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened() as workspace:
        assert unseen_for(away(workspace)) == float("inf")
        note_look(workspace)
        assert unseen_for(away(workspace)) is None
        monkeypatch.setattr(last_look, "RECENT", -1.0)
        seconds = unseen_for(away(workspace))
    assert seconds is not None
    assert 0 <= seconds < 60


def test_a_memory_that_is_damaged_is_none(opened: Open) -> None:
    with opened() as workspace:
        workspace.inputs.cache.put_memo("looked at", '"yesterday"')
        assert unseen_for(away(workspace)) == float("inf")
