"""What is asked for when a project is to be made."""

from __future__ import annotations

import pytest

from rbsync.errors import UserError
from rbsync.model.plan import ProjectChange
from rbsync.sync.project_making import creation, is_makeable, wanted
from tests.scenarios.project import Project
from tests.sync.conftest import Open

WHOLE = "project: {name: cars, type: IMAGE_BBOX, taxonomy: [car]}\n"
BACKEND = "backend: {kind: redbrick, org_id: 6f1d3a52-0c39-4a7e-9a55-7d1f2f0e4c11}\n"
SOURCE = "datapoints:\n  - glob: '*.png'\n"


def test_one_that_is_declared_by_its_name_can_be_made(
    folder: Project, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RBSYNC_API_KEY", "k" * 43)
    folder.manifest(WHOLE + BACKEND + SOURCE)
    with opened() as workspace:
        assert is_makeable(workspace)
        new = wanted(workspace)
        assert (new.name, new.type) == ("cars", "IMAGE_BBOX")
        assert creation(workspace) == ProjectChange("project", "cars", is_added=True)


def test_one_that_is_named_by_its_id_or_is_embedded_is_not(folder: Project, opened: Open) -> None:
    with opened() as workspace:
        assert not is_makeable(workspace)


@pytest.mark.parametrize(
    ("project", "lacks"),
    [
        ("{name: cars}", "type and taxonomy"),
        ("{name: cars, type: IMAGE_BBOX}", "taxonomy"),
        ("{name: cars, taxonomy: [car]}", "type"),
    ],
)
def test_what_the_service_gives_no_project_later_has_to_be_declared(
    folder: Project, opened: Open, monkeypatch: pytest.MonkeyPatch, project: str, lacks: str
) -> None:
    monkeypatch.setenv("RBSYNC_API_KEY", "k" * 43)
    folder.manifest(f"project: {project}\n{BACKEND}{SOURCE}")
    with opened() as workspace, pytest.raises(UserError) as raised:
        wanted(workspace)
    (problem,) = raised.value.problems
    assert problem.message.endswith(f"is to be made without {lacks}")
    assert problem.location is not None
    assert problem.location.line == 2
