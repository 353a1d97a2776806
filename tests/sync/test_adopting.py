"""What the project has already is taken over, when it is what is declared."""

from __future__ import annotations

import pytest

from rbsync.errors import RbsyncError
from rbsync.model.record import UNKNOWN
from rbsync.sync.adopting import adopt
from rbsync.sync.state_editing import forget
from tests.scenarios.project import BOX, Project
from tests.sync.conftest import Open


def test_what_is_as_declared_is_recorded_and_the_rest_is_refused(
    folder: Project, applied: Open
) -> None:
    folder.write("b.json", [BOX])
    with applied() as workspace:
        forget(workspace, ("a.png", "b.png"), 5)
        done = adopt(workspace, (), 5, force=False)
        records = workspace.store.records()
    assert (done.recorded, done.forced) == (("a.png",), ())
    assert [(one.name, one.why) for one in done.refused] == [
        ("b.png", "its labels differ from what is declared")
    ]
    assert "a.png" in records
    assert "b.png" not in records


def test_by_force_it_is_recorded_as_of_unknown_content(folder: Project, applied: Open) -> None:
    folder.write("b.json", [BOX])
    with applied() as workspace:
        forget(workspace, ("b.png",), 5)
        assert adopt(workspace, ["b*"], 5, force=True).forced == ("b.png",)
        record = workspace.store.record("b.png")
    assert record is not None
    assert record.applied == UNKNOWN


def test_a_name_that_is_not_declared_adopts_nothing(applied: Open) -> None:
    with applied() as workspace, pytest.raises(RbsyncError, match="does not declare `x`"):
        adopt(workspace, ["x"], 5, force=False)
