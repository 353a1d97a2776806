"""A clone without a state goes on from what the project has (rbsync.sync.first_look)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from rbsync.sync.first_look import LOOKED_AT_ONCE
from tests.scenarios.offline_service import RemoteProject, Served, served
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project

MANIFEST = "datapoints:\n  - {glob: images/*.png, labels: 'labels/{stem}.json?'}\n"
NO_CHANGES = "No changes. The project matches the manifest."


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("service")) as one:
        yield one


@pytest.fixture(params=["service", "embedded"])
def first(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """A clone that has applied three datapoints, one of them with labels."""
    if request.param == "service":
        with served(tmp_path_factory.mktemp("service")) as one:
            yield filled(RemoteProject(tmp_path / "first", one.url))
    else:
        yield filled(Project(tmp_path / "first"))


def filled(project: Project) -> Project:
    for number, name in enumerate("abc"):
        project.write(f"images/{name}.png", png(number))
    project.write("labels/a.json", [BOX])
    project.manifest(MANIFEST)
    assert project.apply().last_line.startswith("Apply complete: 3 created")
    return project


def clone(project: Project, name: str = "second") -> Project:
    """The same folder elsewhere, without a state; the embedded project is brought along."""
    folder = project.folder.parent / name
    shutil.copytree(project.folder, folder, ignore=shutil.ignore_patterns("state.db*", "cache.db*"))
    if isinstance(project, RemoteProject):
        return RemoteProject(folder, project.url)
    return Project(folder)


def test_a_fresh_clone_has_nothing_to_do(first: Project) -> None:
    second = clone(first)
    ran = second.run("plan")
    assert (ran.code, ran.last_line) == (0, NO_CHANGES)
    assert "No state here yet: read 3 datapoints of the project." in ran.err


def test_its_apply_creates_nothing_and_says_what_it_recognised(first: Project) -> None:
    second = clone(first)
    before = first.tasks()
    report = second.run("apply", "--yes", "--json").json
    assert report["summary"]["created"] == 0
    assert report["summary"]["recognised"] == 3
    assert second.tasks() == before
    again = second.run("plan")
    assert again.last_line == NO_CHANGES
    assert "No state here yet" not in again.err
    assert second.run("apply", "--yes", "--json").json["summary"]["recognised"] == 0


def test_only_what_is_new_in_it_is_created(first: Project) -> None:
    second = clone(first)
    second.write("images/d.png", png(9))
    assert second.actions() == ["create images/d.png"]
    assert second.apply().last_line == (
        "Apply complete: 1 created, 0 updated, 0 deleted, 0 failed, 3 recognised."
    )
    assert second.names() == [f"images/{name}.png" for name in "abcd"]


def test_a_change_in_it_is_an_update_of_what_is_there(first: Project) -> None:
    second = clone(first)
    second.write("labels/a.json", [BOX, BOX])
    assert second.actions() == ["update images/a.png labels"]
    assert second.apply().code == 0
    assert [one["labels"] for one in second.tasks()] == [2, 0, 0]


def test_who_wants_no_look_gets_none(first: Project) -> None:
    second = clone(first)
    ran = second.run("plan", "--no-refresh")
    assert ran.last_line.startswith("Plan: 3 to create")


def test_with_prune_a_clone_deletes_what_it_does_not_declare(first: Project) -> None:
    second = clone(first)
    (second.folder / "images/c.png").unlink()
    assert second.actions("--prune") == ["delete images/c.png"]


def test_adopting_some_makes_a_state_that_knows_all(first: Project) -> None:
    second = clone(first)
    assert second.run("adopt", "images/a.png").code == 0
    assert second.actions() == []


def test_what_has_no_stamp_is_taken_over_when_it_is_as_declared(
    service: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RBSYNC_POLICY", "stamp=false")
    project = RemoteProject(tmp_path / "one", service.url)
    project.manifest(by_url("x", "y") + "policy: {stamp: false}\n")
    assert project.apply().code == 0
    other = clone(project, "another")
    assert other.actions() == []
    other.manifest(by_url("x", "z").replace("name: z", "name: y"))
    ran = other.run("plan")
    assert "the project has another datapoint of this name" in ran.out
    assert other.actions() == ["blocked y"]


def test_what_has_no_stamp_is_looked_at_in_parts(
    service: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RBSYNC_POLICY", "stamp=false")
    project = RemoteProject(tmp_path / "many", service.url)
    names = [f"m{number}" for number in range(LOOKED_AT_ONCE + 3)]
    project.manifest(by_url(*names) + "policy: {stamp: false}\n")
    assert project.apply().code == 0
    assert clone(project, "of many").actions() == []


def by_url(*names: str) -> str:
    entries = (
        f"  - {{name: {one}, storage: public, items: [https://example.org/{one}.png]}}\n"
        for one in names
    )
    return "datapoints:\n" + "".join(entries)
