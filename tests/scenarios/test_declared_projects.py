"""A manifest says what the project itself is: told where it is not so, and extended on demand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rbsync.errors import ExitCode
from rbsync.labels.taxonomy import Taxonomy
from rbsync.labels.taxonomy_json import read_taxonomy
from tests.hints.following import follows
from tests.scenarios.offline_service import RemoteProject
from tests.scenarios.project import BOX, Project
from tests.service.serving import NearClient, serving, taxonomy

DECLARED = """\
project:
  name: cars
  type: IMAGE_BBOX
  taxonomy: [car, truck, bus]
  stages: [Label, Review_1]
  members: {offline@rbsync.invalid: ADMIN, ann@example.org: LABELER}
datapoints:
  - {name: a, storage: public, items: [http://example.org/a.png], labels: a.json}
"""
TRUCK = {**BOX, "category": [["object", "truck"]]}


def with_types(*names: str) -> Taxonomy:
    types = [
        {"category": name, "classId": number, "labelType": "BBOX"}
        for number, name in enumerate(names)
    ]
    return read_taxonomy({"name": "tax", "objectTypes": types})


@pytest.fixture
def service(tmp_path: Path) -> Iterator[NearClient]:
    found = with_types("person", "car")
    with serving(tmp_path / "s", type="IMAGE_BBOX", taxonomy=found) as one:
        yield one


@pytest.fixture
def project(service: NearClient, tmp_path: Path) -> RemoteProject:
    made = RemoteProject(tmp_path / "here", service.url)
    made.write("a.json", [BOX, TRUCK])
    made.manifest(DECLARED)
    return made


def types_of(service: NearClient) -> dict[str, tuple[int, str]]:
    found = service.ask("project")["taxonomy"]["objectTypes"]
    return {one["category"]: (one["classId"], one["labelType"]) for one in found}


def test_a_plan_tells_what_the_project_is_not(project: RemoteProject, service: NearClient) -> None:
    ran = project.run("plan", "--detailed-exitcode")
    assert ran.code == ExitCode.CHANGES
    for line in (
        "  ! cars  (name of the project: s)",
        "  + truck  (a category; apply --project adds it)",
        "  ! Label, Review_1  (stages of the project: Label)",
        "  ! offline@rbsync.invalid ADMIN  (member of the project: not there)",
    ):
        assert line in ran.out
    assert "+ car" not in ran.out
    assert project.run("plan", "--markdown", "-").out.count("apply --project adds it") == 2
    told = project.plan()["project"]
    assert [one["declared"] for one in told if one["is_added"]] == ["truck", "bus"]
    assert types_of(service).keys() == {"person", "car"}, "a plan changes nothing"


def test_apply_adds_categories_only_when_it_is_told_to_and_takes_none_away(
    project: RemoteProject, service: NearClient
) -> None:
    refused = project.run("apply", "--yes")
    assert refused.code == ExitCode.SOME_FAILED
    assert service.names() == []
    done = project.run("apply", "--yes", "--project")
    assert done.code == ExitCode.DONE, done.out + done.err
    assert "Added to the taxonomy of the project: truck, bus." in done.err
    added = {"truck": (2, "BBOX"), "bus": (3, "BBOX")}
    assert types_of(service) == {"person": (0, "BBOX"), "car": (1, "BBOX"), **added}
    assert "truck" in service.task("a")["latestTaskData"]["labelsData"]
    assert not [one for one in project.plan("--refresh")["project"] if one["is_added"]]
    assert "Added" not in project.run("apply", "--yes", "--project").err


def test_a_saved_plan_that_is_stale_adds_nothing(
    project: RemoteProject, service: NearClient
) -> None:
    project.write("a.json", [BOX])
    assert project.run("apply", "--yes").code == ExitCode.DONE
    assert project.run("plan", "-o", "p.json").code == ExitCode.DONE
    assert project.run("state", "rm", "a").code == ExitCode.DONE
    refused = project.run("apply", "p.json", "--project")
    assert refused.code == ExitCode.STALE
    assert "the state has moved on" in refused.err
    assert types_of(service).keys() == {"person", "car"}


def test_a_saved_plan_adds_what_it_tells_and_categories_alone_are_a_plan(
    project: RemoteProject, service: NearClient
) -> None:
    project.write("a.json", [BOX])
    assert project.run("apply", "--yes").code == ExitCode.DONE
    ran = project.run("plan", "-o", "p.json")
    assert ran.last_line == "No changes to datapoints; the project lacks 2 categories, which " + (
        "--project adds."
    )
    assert project.run("apply", "p.json").code == ExitCode.DONE
    assert len(types_of(service)) == 2
    assert project.run("apply", "p.json", "--project").code == ExitCode.DONE
    assert len(types_of(service)) == 4
    for number in (1, 2):
        # What cannot be done is told again, until it is as declared.
        ran = project.run("plan")
        assert "Review_1" in ran.out, number
        assert (
            ran.last_line
            == "No changes to datapoints; the project itself differs in 4 things, "
            + ("only told here.")
        )


def test_roles_of_members_are_compared_in_any_case(
    project: RemoteProject, service: NearClient
) -> None:
    (person,) = service.service.account.all("members").values() or [None]
    assert person is None
    known = {"userId": "00000000-0000-4000-8000-000000000001", "role": "admin"}
    service.service.account.put("members", known["userId"], known)
    told = [one for one in project.plan()["project"] if one["what"] == "member"]
    assert [one["declared"] for one in told] == ["ann@example.org LABELER"]


@follows("add the categories on the taxonomy's page of the service")
def test_a_taxonomy_of_the_old_form_is_not_extended(tmp_path: Path) -> None:
    for found, code in ((taxonomy("car"), ExitCode.ERROR), (taxonomy("car", "truck"), 0)):
        where = tmp_path / str(int(code))
        with serving(where / "s", type="IMAGE_BBOX", taxonomy=found) as service:
            project = RemoteProject(where / "here", service.url)
            project.write("a.json", [BOX])
            project.manifest(DECLARED.replace("car, truck, bus", "car, truck"))
            done = project.run("apply", "--yes", "--project")
            assert done.code == code, done.err
            assert ("is of the old form" in done.err) == bool(code)


def test_a_project_without_any_category_gets_those_that_are_declared(tmp_path: Path) -> None:
    with serving(tmp_path / "s", type="IMAGE_BBOX") as service:
        project = RemoteProject(tmp_path / "here", service.url)
        project.write("a.json", [BOX, TRUCK])
        project.manifest(DECLARED)
        assert project.run("apply", "--yes", "--project").code == ExitCode.DONE
        assert list(types_of(service)) == ["car", "truck", "bus"]
        assert len(json.loads(service.task("a")["latestTaskData"]["labelsData"])) == 2


@follows("declare the taxonomy as a file with `objectTypes`, each with its category, classId")
def test_a_label_type_that_nothing_tells_is_asked_for(tmp_path: Path) -> None:
    types = [
        {"category": "car", "classId": 0, "labelType": "BBOX"},
        {"category": "road", "classId": 1, "labelType": "POLYGON"},
    ]
    found = read_taxonomy({"name": "tax", "objectTypes": types})
    with serving(tmp_path / "s", type="IMAGE_MULTI", taxonomy=found) as service:
        project = RemoteProject(tmp_path / "here", service.url)
        project.write("a.json", [BOX])
        declared = DECLARED.replace("IMAGE_BBOX", "IMAGE_MULTI")
        project.manifest(declared)
        refused = project.run("apply", "--yes", "--project")
        assert refused.code == ExitCode.ERROR
        assert 'nothing tells the label type of the category "truck"' in refused.err
        assert service.names() == []
        truck = {"category": "truck", "classId": 0, "labelType": "POINT"}
        parent = {"category": "vehicles", "classId": 9, "children": [truck]}
        project.write("tax.json", {"objectTypes": [{**types[0], "classId": 5}, parent]})
        project.manifest(declared.replace("[car, truck, bus]", "tax.json"))
        assert project.run("apply", "--yes", "--project").code == ExitCode.DONE
        # Its number was another one's there, and what only holds others together is no label.
        assert types_of(service)["truck"] == (2, "POINT")


def test_an_embedded_project_is_what_is_declared(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("a.json", [BOX, TRUCK])
    project.manifest(DECLARED)
    assert project.run("apply", "--yes").code == ExitCode.DONE
    assert project.run("status", "--json").json["project"]["name"] == "cars"
    assert "project" not in project.plan()
