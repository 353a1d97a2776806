"""A clone without a state goes on from what the project has (rbsync.sync.first_look)."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rbsync.files.cache import Cache
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


def test_a_plan_that_was_saved_elsewhere_is_applied(first: Project) -> None:
    first.write("images/d.png", png(9))
    first.write("labels/a.json", [BOX, BOX])
    first.run("plan", "-o", "p.json")
    second = clone(first)
    ran = second.run("apply", "p.json")
    assert (ran.code, ran.last_line) == (
        0,
        "Apply complete: 1 created, 1 updated, 0 deleted, 0 failed.",
    )
    assert second.actions() == []
    assert [one["labels"] for one in second.tasks()] == [2, 0, 0, 0]


def test_a_plan_that_was_saved_without_a_state_is_applied_by_the_next_job(first: Project) -> None:
    job = clone(first, "job")
    job.write("labels/a.json", [BOX, BOX])
    assert job.run("plan", "-o", "p.json").code == 0
    other = clone(job, "other")
    assert other.run("apply", "p.json").code == 0
    assert [one["labels"] for one in other.tasks()] == [2, 0, 0]
    assert other.actions() == []


def test_a_plan_from_elsewhere_is_stale_when_its_names_changed_at_the_project(
    first: Project,
) -> None:
    first.write("labels/a.json", [BOX, BOX])
    first.run("plan", "-o", "p.json")
    second = clone(first)
    second.write("labels/a.json", [BOX, BOX, BOX])
    assert second.apply().code == 0
    third = clone(second, "third")
    third.write("labels/a.json", [BOX, BOX])
    refused = third.run("apply", "p.json")
    assert refused.code == 5
    assert "the project has moved on since the plan was made" in refused.err
    assert third.tasks()[0]["labels"] == 3


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
    assert "the project has another datapoint of this name" in ran.err
    assert other.actions() == ["blocked y"]


def by_url(*names: str) -> str:
    entries = (
        f"  - {{name: {one}, storage: public, items: [https://example.org/{one}.png]}}\n"
        for one in names
    )
    return "datapoints:\n" + "".join(entries)


def test_an_old_look_is_told(service: Served, tmp_path: Path) -> None:
    project = RemoteProject(tmp_path / "old", service.url)
    project.write("images/old.png", png(77))
    project.manifest(MANIFEST)
    assert project.apply().code == 0
    assert project.run("plan").last_line == NO_CHANGES
    cache = Cache(str(project.folder / ".rbsync/cache.db"), "xxh3")
    cache.put_memo("looked at", repr(time.time() - 7300))
    cache.close()
    assert project.run("plan").last_line == (
        "No changes. The project was last looked at 2 h ago; --refresh looks."
    )
    assert project.run("plan", "--refresh").last_line == NO_CHANGES
    assert project.run("plan").last_line == NO_CHANGES
