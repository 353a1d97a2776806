"""The project of a manifest: there, made by the first apply, or missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from rbsync.backends.base import Project as Kind
from rbsync.errors import RbsyncError, UserError
from rbsync.manifest.load import load_manifest
from rbsync.model.record import Header
from rbsync.sync.known_project import check_project, check_target, known_project
from rbsync.sync.workspace import open_workspace
from tests.scenarios.offline_service import RemoteProject
from tests.service.serving import KEY, PROJECT, serving
from tests.sync.conftest import MANIFEST, Open

OTHER = "2f0f6f3e-5a51-4d8e-9c1b-0d7f6a2b8c34"


def test_a_project_that_the_first_apply_makes_is_none_yet(opened: Open) -> None:
    with opened() as workspace:
        assert known_project(workspace) is None


def test_after_an_apply_it_is_the_one_that_was_made(applied: Open) -> None:
    with applied() as workspace:
        found = known_project(workspace)
    assert found is not None
    assert found.type == "IMAGE_BBOX"


def test_a_services_project_is_found_or_missed_where_the_manifest_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RBSYNC_API_KEY", KEY)
    with serving(tmp_path / "served") as service:
        site = RemoteProject(tmp_path / "site", service.url)
        site.manifest(MANIFEST)
        path = site.folder / "rbsync.yaml"
        with open_workspace(load_manifest(path)) as workspace:
            assert known_project(workspace) is not None
        path.write_text(path.read_text().replace(PROJECT, OTHER))
        with (
            open_workspace(load_manifest(path)) as workspace,
            pytest.raises(UserError) as caught,
        ):
            known_project(workspace)
    (problem,) = caught.value.problems
    assert problem.code == "no-project"
    assert f"has no project {OTHER}" in problem.message
    assert problem.location is not None
    assert problem.location.line == 2
    assert "`project_id`" in problem.hint


def test_a_project_of_another_type_or_of_another_state_is_refused(opened: Open) -> None:
    with opened() as workspace, pytest.raises(UserError, match="IMAGE_MULTI, not IMAGE_BBOX"):
        check_project(workspace, Kind("local:1", "p", "IMAGE_MULTI"))
    for project in (None, Kind("local:2", "p", "")):
        with pytest.raises(RbsyncError, match="the state belongs to the project local:1"):
            check_target(Header("l", 1, 1, "local:1"), project)
    check_target(Header("l", 1, 1, ""), None)
