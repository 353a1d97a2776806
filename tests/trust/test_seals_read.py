"""Seals are read of the rows that a plan acts on, and of no others."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest

import rbsync.files.tree_hashing as trees
from rbsync.stores import seals
from tests.scenarios.pictures import png
from tests.scenarios.project import Project

COUNT = 60


def seals_read(project: Project, *arguments: str) -> int:
    """How many seals a command computes."""
    with mock.patch.object(seals, "seal_of", wraps=seals.seal_of) as computed:
        assert project.run(*arguments).code == 0
    return computed.call_count


def test_a_plan_reads_the_seals_of_what_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What was just written may change again unseen, and waits a while before it is remembered.
    monkeypatch.setattr(trees, "RACY", -(10**9))
    project = Project(tmp_path / "data")
    for at in range(COUNT):
        project.write(f"images/{at}.png", png(at))
    project.manifest("datapoints: [{glob: images/*.png}]\n")
    assert project.apply().code == 0
    project.run("plan")
    without = seals_read(project, "plan")
    assert without < 10
    for at in range(3):
        project.write(f"images/{at}.png", png(200 + at))
    changed = seals_read(project, "plan")
    assert 3 <= changed < without + 15
    # Of those that it sends it writes new ones: of the record before, the intent, the result; and
    # one of each row of the history that has what was replaced.
    assert seals_read(project, "apply", "--yes") < without + 40 + 3
