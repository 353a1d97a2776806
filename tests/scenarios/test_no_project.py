"""A manifest names a project of the service that is not there: every command says so, and where."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rbsync.errors import ExitCode
from tests.hints.following import follows
from tests.scenarios.project import Project
from tests.service.serving import KEY, ORG, PROJECT, NearClient, serving

OTHER = "2f0f6f3e-5a51-4d8e-9c1b-0d7f6a2b8c34"
SOURCE = "datapoints:\n  - name: a\n    storage: public\n    items: [http://example.org/a.png]\n"
COMMANDS = (
    ["plan"],
    ["plan", "--refresh"],
    ["apply", "--yes"],
    ["status"],
    ["refresh"],
    ["adopt"],
    ["ls"],
    ["export", "labels", "labels.json"],
    ["undo", "--yes"],
    ["pull"],
    ["watch", "--once"],
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NearClient]:
    with serving(tmp_path_factory.mktemp("served") / "cars") as one:
        yield one


def manifest(folder: Path, service: NearClient, org_id: str, project_id: str) -> Project:
    project = Project(folder)
    project.manifest(
        f"backend:\n  kind: redbrick\n  url: {service.url}\n  org_id: {org_id}\n"
        f"  project_id: {project_id}\n{SOURCE}"
    )
    return project


@pytest.mark.parametrize(("org_id", "project_id"), [(ORG, OTHER), (OTHER, PROJECT), (PROJECT, ORG)])
@follows("check `org_id` and `project_id` by the address of the project's page")
def test_a_project_that_is_not_there_is_a_problem_with_its_line(
    tmp_path: Path, service: NearClient, org_id: str, project_id: str
) -> None:
    project = manifest(tmp_path, service, org_id, project_id)
    for command in COMMANDS:
        ran = project.run(*command, RBSYNC_API_KEY=KEY)
        assert ran.code == ExitCode.INVALID, command
        assert ran.err.startswith(f"rbsync.yaml:6:15: localhost has no project {project_id}\n"), (
            command
        )
        assert "check `org_id` and `project_id`" in ran.err, command
    assert not (tmp_path / "labels.json").exists()
    right = manifest(tmp_path, service, ORG, PROJECT)
    assert right.run("plan", RBSYNC_API_KEY=KEY).code == 0


@follows("correct the manifest, or `org_id` in ")
def test_a_key_of_another_organization(tmp_path: Path, service: NearClient) -> None:
    config = tmp_path / "config/rbsync/config.toml"
    config.parent.mkdir(parents=True)
    place = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "RBSYNC_API_KEY": KEY}
    project = manifest(tmp_path / "data", service, ORG, PROJECT)
    config.write_text(f'url = "{service.url}"\norg_id = "{OTHER}"\n')
    ran = project.run("plan", **place)
    assert ran.code != 0
    assert f"correct the manifest, or `org_id` in {config}" in ran.err
    config.write_text(f'url = "{service.url}"\norg_id = "{ORG}"\n')
    assert project.run("plan", **place).code == 0


@pytest.mark.parametrize("wrong", ["my-project", f"{{{PROJECT}}}", PROJECT[:-1], f"{PROJECT}0"])
def test_an_id_that_is_no_uuid_is_a_problem_before_anybody_is_asked(
    tmp_path: Path, wrong: str
) -> None:
    nowhere = Project(tmp_path)
    text = "backend:\n  kind: redbrick\n  org_id: '{}'\n  project_id: '{}'\n"
    nowhere.manifest(text.format(wrong, wrong) + SOURCE)
    ran = nowhere.run("plan", RBSYNC_API_KEY=KEY)
    assert ran.code == ExitCode.INVALID
    assert "rbsync.yaml:4:11: `org_id` must be a UUID" in ran.err
    assert "rbsync.yaml:5:15: `project_id` must be a UUID" in ran.err
    assert "/ORG_ID/projects/PROJECT_ID" in ran.err
