"""One datapoint to be looked at: as it is declared, else as the project has it."""

from __future__ import annotations

import pytest

from rbsync.sync.looking_at import NoSuchNameError, look_at
from tests.scenarios.project import BOX, Project
from tests.sync.conftest import MOVED_BOX, Open


def test_what_is_declared_comes_before_what_the_project_has(folder: Project, opened: Open) -> None:
    folder.write("a.json", [BOX])
    assert folder.apply().code == 0
    folder.write("a.json", [MOVED_BOX])
    picture = (folder.folder / "a.png").read_bytes()
    with opened() as workspace:
        here, there = (look_at(workspace, "a.png", at_project=one) for one in (False, True))
    assert here.picture == there.picture == picture
    assert here.labels.objects[0]["bbox2d"] == MOVED_BOX["bbox2d"]
    assert there.labels.objects[0]["bbox2d"] == BOX["bbox2d"]


def test_what_is_declared_no_more_is_looked_at_in_the_project(
    folder: Project, opened: Open
) -> None:
    assert folder.apply().code == 0
    (folder.folder / "c.png").unlink()
    with opened() as workspace:
        assert look_at(workspace, "c.png").items == ("c.png",)
        with pytest.raises(NoSuchNameError) as told:
            look_at(workspace, "d.png")
    assert set(told.value.names) == {"a.png", "b.png"}
