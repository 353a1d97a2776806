"""What changed at the project since it was left."""

from __future__ import annotations

import pytest

from rbsync.errors import StoreError
from rbsync.sync.drifting import Drift, Edited, drift
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_refresh import create, delete, relabel
from tests.sync.conftest import Open


def test_nothing_drifted_right_after_an_apply(applied: Open) -> None:
    with applied() as workspace:
        assert drift(workspace) == Drift((), (), (), 3)


def test_missing_edited_and_unmanaged_are_told_apart(folder: Project, applied: Open) -> None:
    delete(folder, "a.png")
    relabel(folder, "b.png", BOX)
    create(folder, "stranger")
    with applied() as workspace:
        found = drift(workspace)
    assert found == Drift(("a.png",), (Edited("b.png", ("labels",)),), ("stranger",), 1)


def test_without_a_state_there_is_nothing_to_compare(opened: Open) -> None:
    with opened() as workspace, pytest.raises(StoreError, match="no state yet"):
        drift(workspace)
