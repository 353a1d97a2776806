"""`rbsync doctor` against the service's offline twin, as it is and with scripted oddities."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rbsync.errors import ExitCode
from rbsync.service.faults.player import Player
from rbsync.service.faults.script import parse_faults
from tests.hints.following import follows
from tests.scenarios.offline_service import RemoteProject
from tests.scenarios.project import Project
from tests.service.serving import KEY, ORG, PROJECT, serving, task, taxonomy

SOURCE = "datapoints:\n  - name: a\n    storage: public\n    items: [http://example.org/a.png]\n"
WRONG = "w" * 43


def checks(document: dict[str, Any]) -> dict[str, dict[str, str]]:
    """By name; of several of one name the first."""
    return {one["name"]: one for one in reversed(document["checks"])}


def test_all_is_well_and_nothing_of_the_probe_is_left(tmp_path: Path) -> None:
    with serving(tmp_path / "cars", type="IMAGE_BBOX", taxonomy=taxonomy("car", "bus")) as one:
        project = RemoteProject(tmp_path / "here", one.url)
        project.manifest(SOURCE)
        ran = project.run("doctor", "--write", "--json", "--report", "report.json")
        assert ran.code == ExitCode.DONE, ran.out
        found = checks(ran.json)
        assert found.pop("state")["found"] == "not there yet; the first apply makes it"
        assert {entry["verdict"] for entry in found.values()} == {"ok"}
        assert found["probe"]["found"] == "a datapoint with a label came back as it was sent"
        assert found["project"]["found"].endswith("of type IMAGE_BBOX, 2 categories")
        assert one.names() == []
        assert json.loads((tmp_path / "here/report.json").read_text()) == ran.json
        assert KEY not in ran.out
        text = project.run("doctor")
        assert "ok       API key" in text.out
        assert text.err.endswith("checks, 0 failed.\n")


def altered(kind: str, at: str, to: Any = None, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "do": "alter", "at": at, "to": to, **more}


ENTRY = "data.tasksPaged.entries.*"
TASK = "data.task"
ODDITIES = [
    ([altered("project", "data.project")], "project", "failed", "no such project"),
    ([altered("project", "data.project.tdType", "NEW")], "project", "warning", "of type NEW"),
    ([altered("project", "data.project.status", "REMOVING")], "project", "failed", "REMOVING"),
    (
        [altered("project", "errors", [{"message": "Plan ended"}])],
        "project",
        "failed",
        "Plan ended",
    ),
    ([altered("tasksPaged", "data.tasksPaged.count", 9)], "listing", "failed", "1 of 9"),
    ([altered("tasksPaged", f"{ENTRY}.datapoint.name", "b")], "listing", "ok", "1 datapoints"),
    ([altered("task", f"{TASK}.priority", 0.5)], "probe", "warning", "priority: 0.25 was sent"),
    ([altered("task", f"{TASK}.datapoint.metaData", "{}")], "probe", "warning", "metadata"),
    ([altered("task", f"{TASK}.datapoint.items", ["x"])], "probe", "warning", "items"),
    ([altered("task", TASK)], "probe", "failed", "is not there"),
    (
        [{"kind": "createDatapoint", "nth": 2, "do": "errors", "message": "Upload limit reached"}],
        "probe",
        "failed",
        "Upload limit reached",
    ),
    (
        [{"kind": "itemsUploadPresign", "do": "errors", "message": "no uploads here"}],
        "uploads",
        "failed",
        "no uploads here",
    ),
    ([{"kind": "deleteTasks", "do": "errors", "message": "no"}], "probe deleted", "failed", "no"),
]


@pytest.mark.parametrize(("faults", "name", "verdict", "found"), ODDITIES)
def test_an_oddity_of_the_service_is_found(
    tmp_path: Path, faults: list[dict[str, Any]], name: str, verdict: str, found: str
) -> None:
    with serving(tmp_path / "cars", faults) as one:
        project = RemoteProject(tmp_path / "here", one.url)
        project.manifest(SOURCE)
        one.ask("createDatapoint", **task("a"))
        ran = project.run("doctor", "--write", "--json")
        seen = checks(ran.json)[name]
        assert (seen["verdict"], found in seen["found"]) == (verdict, True), seen
        assert ran.code == (ExitCode.ERROR if verdict == "failed" else ExitCode.DONE), ran.out


QUIRKS = [
    ("drops-dotted-keys", "probe", 'metadata: {"rbsync.doctor": "a b"} was sent, and {} came back'),
    ("adds-to-labels", "probe", '"readonly": false'),
    ("counts-one-more", "listing", "the listing has 2 of 3 tasks"),
]


@pytest.mark.parametrize(("quirk", "name", "found"), QUIRKS)
def test_a_quirk_of_the_service_is_found_with_the_next_step(
    tmp_path: Path, quirk: str, name: str, found: str
) -> None:
    known = taxonomy("car", "bus")
    with serving(tmp_path / "cars", quirks=[quirk], type="IMAGE_BBOX", taxonomy=known) as one:
        project = RemoteProject(tmp_path / "here", one.url)
        project.manifest(SOURCE)
        for other in ("a", "b"):
            one.create(other)
        seen = checks(project.run("doctor", "--write", "--json").json)[name]
        assert seen["verdict"] == ("failed" if name == "listing" else "warning")
        assert found in seen["found"]
        assert seen["hint"]
        assert sorted(one.names()) == ["a", "b"]


def test_names_that_occur_twice_are_found(tmp_path: Path) -> None:
    faults = [altered("tasksPaged", f"{ENTRY}.datapoint.name", "b")]
    with serving(tmp_path / "cars", faults) as one:
        project = RemoteProject(tmp_path / "here", one.url)
        project.manifest(SOURCE)
        for name in ("a", "b", "c"):
            one.create(name)
        seen = checks(project.run("doctor", "--json").json)["listing"]
        assert (seen["verdict"], seen["found"]) == (
            "warning",
            "3 datapoints, 1 names twice, such as b",
        )
        assert "rename or delete one of each" in seen["hint"]


def test_a_wrong_project_is_told_with_what_to_compare(tmp_path: Path) -> None:
    with serving(tmp_path / "cars") as one:
        project = RemoteProject(tmp_path / "here", one.url)
        project.manifest(SOURCE)
        text = (tmp_path / "here/rbsync.yaml").read_text()
        (tmp_path / "here/rbsync.yaml").write_text(text.replace(PROJECT, "c" * 8 + PROJECT[8:]))
        ran = project.run("doctor", "--json")
        seen = checks(ran.json)["project"]
        assert (ran.code, seen["verdict"]) == (ExitCode.ERROR, "failed")
        assert seen["found"] == "the service has no such project"
        assert "check `org_id` and `project_id`" in seen["hint"]


def test_a_wrong_key_and_a_wrong_organization_are_told(tmp_path: Path) -> None:
    with serving(tmp_path / "cars") as one:
        project = RemoteProject(tmp_path / "here", one.url)
        project.manifest(SOURCE)
        ran = project.run("doctor", "--json", RBSYNC_API_KEY=WRONG)
        assert checks(ran.json)["project"]["verdict"] == "failed"
        assert "key" in checks(ran.json)["project"]["hint"]
        assert WRONG not in ran.out + ran.err
        text = (tmp_path / "here/rbsync.yaml").read_text()
        (tmp_path / "here/rbsync.yaml").write_text(text.replace(ORG, "c" * 8 + ORG[8:]))
        ran = project.run("doctor")
        assert ran.code == ExitCode.ERROR
        assert "the service has no such project" in ran.out
        assert "/ORG_ID/projects/PROJECT_ID" in ran.out


def test_a_project_in_a_folder_is_looked_at_too(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.manifest(SOURCE)
    first = project.run("doctor", "--write")
    assert "not there yet; the first apply makes it" in first.out
    assert project.run("apply", "--yes").code == ExitCode.DONE
    ran = project.run("doctor", "--write", "--json")
    assert ran.code == ExitCode.DONE, ran.out
    assert checks(ran.json)["probe deleted"]["verdict"] == "ok"
    assert checks(ran.json)["listing"]["found"] == "1 datapoints"
    assert project.run("plan").out.startswith("No changes")


HANGS = [
    ("project", "project", "no answer in time"),
    ("storageMethods", "storages", "no answer in time"),
    ("itemsUploadPresign", "uploads", "no answer in time"),
    ("tasksPaged", "listing", "no answer in time"),
]


def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the listing has no time: what comes before may take as long as a busy machine wants."""
    monkeypatch.setattr("rbsync.doctor.timely.in_time", lambda checks, _seconds: checks)
    monkeypatch.setattr("rbsync.doctor.timely.LONGEST", 0.0)
    monkeypatch.setattr("rbsync.doctor.timely.LEAST", 3.0)


@pytest.mark.parametrize(("kind", "name", "found"), HANGS)
def test_a_service_that_hangs_is_asked_once_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, name: str, found: str
) -> None:
    """Its answer would come in an hour; with the usual patience four attempts took two minutes."""
    monkeypatch.setattr("rbsync.backends.redbrick.checkup.SECONDS", 3.0)
    monkeypatch.setattr("rbsync.doctor.timely.LEAST", 3.0)
    in_a_hurry(monkeypatch)
    player = Player(parse_faults([{"kind": kind, "do": "delay", "seconds": 3600}]))
    with serving(tmp_path / "cars", player=player) as one:
        project = RemoteProject(tmp_path / "here", one.url)
        project.manifest(SOURCE)
        ran = project.run("doctor", "--json")
        assert ran.code == ExitCode.ERROR
        seen = ran.json["checks"][-1]
        assert (seen["name"], seen["verdict"], found in seen["found"]) == (name, "failed", True)
        assert "try again later" in seen["hint"]
        assert player._turns[0]._played == 1


@follows("try again later; plans need the listing only with --refresh")
def test_after_a_listing_that_hangs_it_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hang = {"kind": "tasksPaged", "do": "delay", "seconds": 3600, "times": 1}
    with serving(tmp_path / "cars", [hang]) as one:
        project = RemoteProject(tmp_path / "here", one.url)
        project.manifest(SOURCE)
        with monkeypatch.context() as hurried:
            in_a_hurry(hurried)
            assert project.run("doctor").code == ExitCode.ERROR
        assert project.run("doctor").code == ExitCode.DONE
        assert project.run("apply", "--yes").code == ExitCode.DONE
