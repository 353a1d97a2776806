"""A project that is declared and not there is made on demand: once, whoever asks, or is killed."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rbsync.backends.redbrick.backend import RedbrickBackend
from rbsync.errors import ExitCode
from tests.hints.following import follows
from tests.scenarios.offline_service import RemoteProject, served
from tests.scenarios.project import BOX, Project, Ran, ended
from tests.scenarios.started import Started
from tests.service.serving import KEY, ORG, Client, NearClient, serving
from tests.service.serving import task as a_task

PROJECT_ALONE = """\
project:
  name: cars 2026
  type: IMAGE_BBOX
  taxonomy: [car, truck]
  stages: [Label, Review_1]
"""
DECLARED = f"""{PROJECT_ALONE}\
datapoints:
  - {{name: a, storage: public, items: [http://example.org/a.png], labels: a.json}}
  - {{name: b, storage: public, items: [http://example.org/b.png]}}
"""
TRUCK = {**BOX, "category": [["object", "truck"]]}
MISSING = 'has no project called "cars 2026"'
NO_CHANGES = "No changes. The project matches the manifest."


class Named(Project):
    """A folder whose manifest names a service, and a project of it by its name alone."""

    def __init__(self, folder: Path, url: str, text: str = DECLARED, more: str = "") -> None:
        super().__init__(folder)
        self.write("a.json", [BOX, TRUCK])
        backend = f"kind: redbrick, url: {url}, org_id: {ORG}{more}"
        self.manifest(f"backend: {{{backend}}}\n{text}")

    def run(self, *arguments: str, **environment: str) -> Ran:
        return super().run(*arguments, **{"RBSYNC_API_KEY": KEY, **environment})

    def start(self, *arguments: str, **environment: str) -> Started:
        return super().start(*arguments, **{"RBSYNC_API_KEY": KEY, **environment})


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one client makes is seen by others at once here."""
    monkeypatch.setattr("rbsync.backends.redbrick.backend.STALENESS_SECONDS", 0.05)
    monkeypatch.setitem(RedbrickBackend.__init__.__kwdefaults__ or {}, "quarantine", 0.2)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[NearClient]:
    with serving(tmp_path / "s") as one:
        yield one


def made(service: NearClient) -> list[str]:
    """The ids of the projects that clients have made."""
    return [one["projectId"] for one in service.service.account.all("projects").values()]


def names_in(service: Client, project_id: str) -> list[str]:
    found = service.ask("tasksPaged", projectId=project_id, first=100)["entries"]
    return sorted(one["datapoint"]["name"] for one in found)


def test_a_plan_shows_it_and_apply_makes_it_when_it_is_told_to(
    tmp_path: Path, service: NearClient
) -> None:
    project = Named(tmp_path / "here", service.url)
    ran = project.run("plan", "--detailed-exitcode")
    assert ran.code == ExitCode.CHANGES, ran.err
    assert "  + cars 2026  (a project; apply --project makes it)" in ran.out
    assert ran.last_line.startswith("Plan: 2 to create")
    (told,) = project.plan()["project"]
    assert (told["what"], told["declared"], told["is_added"]) == ("project", "cars 2026", True)
    assert "Apply it with: rbsync apply --project\n" in ran.err
    refused = project.run("apply", "--yes")
    assert refused.code == ExitCode.INVALID
    assert f"rbsync.yaml:4:9: localhost {MISSING}\n" in refused.err
    assert "`rbsync apply --project` makes it" in refused.err
    assert made(service) == []
    ran = project.run("plan", "-o", "p.json")
    assert "Apply exactly this with: rbsync apply p.json --project\n" in ran.err

    done = project.run("apply", "--yes", "--project")
    assert done.code == ExitCode.DONE, done.out + done.err
    (project_id,) = made(service)
    assert f'The project "cars 2026" is made: {project_id}.' in done.err
    assert names_in(service, project_id) == ["a", "b"]
    assert service.names() == [], "the project that is served is another one"
    assert project.run("status", "--json").json["project"]["identity"].endswith(project_id)
    assert project.run("apply", "--yes", "--project").last_line == NO_CHANGES
    for command in (["plan", "--refresh"], ["drift"], ["refresh"], ["doctor", "--write"]):
        assert project.run(*command).code == ExitCode.DONE, command
    assert "project" not in project.plan("--refresh"), "name, stages and taxonomy are as declared"


def test_another_clone_finds_the_same_and_makes_no_other(
    tmp_path: Path, service: NearClient
) -> None:
    assert Named(tmp_path / "one", service.url).run("apply", "--yes", "--project").code == 0
    other = Named(tmp_path / "other", service.url)
    assert other.run("plan").last_line == NO_CHANGES
    assert other.run("apply", "--yes", "--project").last_line == NO_CHANGES
    assert len(made(service)) == 1
    more = DECLARED.replace("[car, truck]", "[car, truck, bus]")
    third = Named(tmp_path / "third", service.url, more)
    assert [one["declared"] for one in third.plan()["project"]] == ["bus"]
    assert "Added to the taxonomy" in third.run("apply", "--yes", "--project").err


def test_a_saved_plan_makes_it_too_and_a_plan_without_datapoints_is_one(
    tmp_path: Path, service: NearClient
) -> None:
    project = Named(tmp_path / "here", service.url)
    assert project.run("plan", "-o", "p.json").code == 0
    assert project.run("apply", "p.json").code == ExitCode.INVALID
    assert project.run("apply", "p.json", "--project").code == ExitCode.DONE
    (project_id,) = made(service)
    assert names_in(service, project_id) == ["a", "b"]
    bare = Named(
        tmp_path / "bare", service.url, DECLARED.partition("datapoints")[0] + "datapoints: []\n"
    )
    bare.manifest((bare.folder / "rbsync.yaml").read_text()[11:].replace("cars", "bare"))
    assert bare.run("plan").last_line == (
        "No datapoints to create; the project is not there, and --project makes it."
    )
    assert bare.run("apply", "--yes", "--project", "--force").code == ExitCode.DONE
    assert len(made(service)) == 2


@follows("`rbsync apply --project` makes it; or check `org_id` and the name")
def test_no_other_command_makes_it_and_each_says_how(tmp_path: Path, service: NearClient) -> None:
    project = Named(tmp_path / "here", service.url)
    for command in (
        ["status"],
        ["ls"],
        ["refresh"],
        ["adopt"],
        ["export", "labels", "out.json"],
        ["pull"],
        ["undo", "--yes"],
        ["watch", "--once"],
    ):
        ran = project.run(*command)
        assert ran.code == ExitCode.INVALID, (command, ran.out, ran.err)
        assert MISSING in ran.err, command
        assert "`rbsync apply --project` makes it" in ran.err, command
    looked = project.run("doctor", "--json").json["checks"][-1]
    assert (looked["name"], looked["verdict"]) == ("project", "failed")
    assert "`rbsync apply --project` makes it" in looked["hint"]
    assert made(service) == []
    assert project.run("apply", "--yes", "--project").code == ExitCode.DONE
    assert project.run("status").code == ExitCode.DONE


@follows("declare both: the service gives neither to a project later")
def test_what_it_needs_is_asked_for_before_anything_is_made(
    tmp_path: Path, service: NearClient
) -> None:
    little = "".join(
        line
        for line in DECLARED.splitlines(keepends=True)
        if "type:" not in line and "tax" not in line
    )
    project = Named(tmp_path / "here", service.url, little)
    ran = project.run("plan")
    assert ran.code == ExitCode.INVALID
    assert "is to be made without type and taxonomy" in ran.err
    assert Named(tmp_path / "right", service.url).run("plan").code == 0


def test_a_type_that_is_misspelt_is_the_one_thing_that_is_told(
    tmp_path: Path, service: NearClient
) -> None:
    project = Named(tmp_path / "x", service.url, DECLARED.replace("IMAGE_BBOX", "IMAGE_BOX"))
    ran = project.run("plan")
    assert ran.code == ExitCode.INVALID
    assert "`IMAGE_BOX` is not known here; did you mean `IMAGE_BBOX`?" in ran.err
    assert "1 problem; nothing was sent." in ran.err


@follows("other projects may have it: add them to it at the service, or declare a file with")
def test_a_taxonomy_of_the_name_that_others_made_is_not_extended(
    tmp_path: Path, service: NearClient
) -> None:
    def file_of(name: str, *categories: str) -> dict[str, Any]:
        every = enumerate(categories, 1)
        types = [{"category": one, "classId": at, "labelType": "BBOX"} for at, one in every]
        return {"name": name, "objectTypes": types}

    named = DECLARED.replace("[car, truck]", "taxonomy.json")
    theirs = named.partition("datapoints")[0].replace("cars 2026", "another project")
    other = Named(tmp_path / "other", service.url, theirs + "datapoints: []\n")
    other.write("taxonomy.json", file_of("cars 2026", "bus"))
    assert other.run("apply", "--yes", "--project").code == ExitCode.DONE
    before = str(service.service.account.all("taxonomies"))
    ran = Named(tmp_path / "here", service.url).run("apply", "--yes", "--project")
    assert ran.code == ExitCode.ERROR, ran.out + ran.err
    assert 'has a taxonomy "cars 2026", which lacks car, truck' in ran.err
    assert str(service.service.account.all("taxonomies")) == before
    assert len(made(service)) == 1
    ours = Named(tmp_path / "here", service.url, named)
    ours.write("taxonomy.json", file_of("our cars", "car", "truck"))
    done = ours.run("apply", "--yes", "--project")
    assert done.code == ExitCode.DONE, done.out + done.err
    assert names_in(service, made(service)[-1]) == ["a", "b"]


@follows("give `project_id`, as in the address of the project's page")
def test_a_manifest_without_an_id_gives_a_name(tmp_path: Path, service: NearClient) -> None:
    project = Named(
        tmp_path / "here", service.url, DECLARED.partition("datapoints")[2].join(["datapoints", ""])
    )
    ran = project.run("plan")
    assert ran.code == ExitCode.INVALID
    assert "neither `project_id` nor a name of the project says which one it is" in ran.err
    assert Named(tmp_path / "right", service.url).run("plan").code == 0


def test_a_refusal_is_told_in_the_words_of_the_service(tmp_path: Path) -> None:
    fault = {"kind": "createProjectSimple", "do": "errors", "message": "Project limit reached"}
    with serving(tmp_path / "s", [fault]) as service:
        project = Named(tmp_path / "here", service.url)
        ran = project.run("apply", "--yes", "--project")
        assert ran.code == ExitCode.ERROR
        assert "Project limit reached" in ran.err
        assert service.player._turns[0]._played == 1
        assert made(service) == []


@pytest.mark.parametrize("deed", ["drop", "close"])
def test_an_answer_that_is_lost_makes_no_second(tmp_path: Path, deed: str) -> None:
    """It is looked for by its name, and not sent again."""
    fault = {"kind": "createProjectSimple", "do": deed, "nth": 1}
    with serving(tmp_path / "s", [fault]) as service:
        project = Named(tmp_path / "here", service.url)
        ran = project.run("apply", "--yes", "--project")
        assert "The project may be made all the same." in ran.err
        if deed == "close":
            assert ran.code == ExitCode.ERROR
            ran = project.run("apply", "--yes", "--project")
        assert ran.code == ExitCode.DONE, ran.err
        (project_id,) = made(service)
        assert names_in(service, project_id) == ["a", "b"]


def test_who_is_killed_between_creation_and_note_finds_it_again(tmp_path: Path) -> None:
    with served(tmp_path / "s") as service:
        project = Named(tmp_path / "here", service.url)
        running = project.start("apply", "--yes", "--project")
        found = until_made(tmp_path / "s/project/account.json", 1)
        # It waits until it would see what others made a moment earlier; nothing is written yet.
        running.send_signal(signal.SIGKILL)
        ended(running)
        assert project.run("apply", "--yes", "--project").code == ExitCode.DONE
        assert until_made(tmp_path / "s/project/account.json", 1) == found
        assert names_in(service.others, found[0]) == ["a", "b"]


def until_made(account: Path, number: int) -> list[str]:
    """The ids of the projects that were made, once there are so many."""
    for _ in range(600):
        found: dict[str, Any] = {}
        if account.exists():
            found = json.loads(account.read_text()).get("projects", {})
        if len(found) >= number:
            return sorted(found)
        time.sleep(0.1)
    pytest.fail("nothing was made")


def test_two_at_once_use_the_same(tmp_path: Path) -> None:
    """The service knows no unique names: both look, both make one, and both take the first."""
    slow = {"kind": "createProjectSimple", "do": "delay", "seconds": 2, "nth": [1, 2]}
    with served(tmp_path / "s", faults=[slow]) as service:
        each = [Named(tmp_path / name, service.url) for name in ("one", "two")]
        running = [one.start("apply", "--yes", "--project") for one in each]
        ran = [ended(one, 100) for one in running]
        assert [one.code for one in ran] == [ExitCode.DONE] * 2, [one.err for one in ran]
        ids = until_made(tmp_path / "s/project/account.json", 2)
        held = {one: names_in(service.others, one) for one in ids}
        assert sorted(held.values()) == [[], ["a", "b"]]
        (used,) = (one for one, names in held.items() if names)
        targets = [one.run("status", "--json").json["project"]["identity"] for one in each]
        assert all(one.endswith(used) for one in targets)
        told = [one for one in ran if "a moment earlier, which is used" in one.err]
        assert len(told) == 1
        third = Named(tmp_path / "third", service.url)
        again = third.run("apply", "--yes", "--project")
        assert again.last_line == NO_CHANGES
        assert '1 more of the organization are called "cars 2026"' in again.err
        assert len(until_made(tmp_path / "s/project/account.json", 2)) == 2


@follows("say which by `project_id: ")
def test_two_of_one_name_that_both_have_tasks_are_not_guessed_among(
    tmp_path: Path, service: NearClient
) -> None:
    assert Named(tmp_path / "one", service.url).run("apply", "--yes", "--project").code == 0
    (first,) = made(service)
    known = service.service.account.get("projects", first)
    second = first[:-1] + ("0" if first[-1] != "0" else "1")
    service.service.account.put("projects", second, {**known, "projectId": second})
    assert service.ask("createDatapoint", **a_task("x"), projectId=second)
    other = Named(tmp_path / "other", service.url)
    ran = other.run("plan")
    assert ran.code != 0
    assert '2 projects are called "cars 2026"' in ran.err
    right = Named(tmp_path / "right", service.url, more=f", project_id: {first}")
    assert right.run("plan").last_line == NO_CHANGES


@follows("declare the name that it has now, or say which it is whatever it is called")
def test_a_project_that_got_another_name_is_not_made_again(
    tmp_path: Path, service: NearClient
) -> None:
    project = Named(tmp_path / "here", service.url)
    assert project.run("apply", "--yes", "--project").code == 0
    (project_id,) = made(service)
    known = service.service.account.get("projects", project_id)
    service.service.account.put("projects", project_id, {**known, "name": "cars"})
    project.write("a.json", [BOX])
    ran = project.run("apply", "--yes", "--project")
    assert ran.code == ExitCode.STATE, ran.err
    assert f"`project_id: {project_id}` below `backend`" in ran.err
    assert len(made(service)) == 1
    here = RemoteProject(project.folder, service.url)
    text = (here.folder / "rbsync.yaml").read_text()
    here.write(
        "rbsync.yaml", text.replace(f"org_id: {ORG}", f"org_id: {ORG}, project_id: {project_id}")
    )
    assert "1 updated" in here.run("apply", "--yes").out
