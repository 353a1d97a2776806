"""The whole story against the service's offline twin, as people run it."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rbsync.errors import ExitCode
from tests.hints.following import follows
from tests.scenarios.offline_service import RemoteProject, Served, served
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Ran
from tests.service.serving import KEY, ORG
from tests.states import written_anew

pytestmark = pytest.mark.usefixtures("short_pauses")

NO_CHANGES = "No changes. The project matches the manifest."
NO_DRIFT = "No drift. The project is as it was left."
NEXT = "`rbsync plan --refresh` says what can be done about it.\n"
CAR = "http://datasets.redbrickai.com/car-vids/car-1/frame20.png"
OTHER_BOX = {**BOX, "category": [["object", "bus"]]}
TYPE = "project: {type: IMAGE_BBOX, taxonomy: [car, bus]}\n"
PICTURES = (
    'datapoints:\n  - glob: "images/**/*.png"\n    labels: "labels/{stem}.json?"\n'
    "    metadata: {site: Zürich}\n"
)
EVERYTHING = f"""\
datapoints:
  - items: [{CAR}]
    name: public one
    storage: public
    priority: 0.5
  - glob: "images/**/*.png"
    labels: "labels/{{stem}}.json?"
    metadata: {{site: Zürich}}
  - frames: "videos/*/"
    ground_truth: true
"""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "service", "--type", "IMAGE_BBOX") as one:
        yield one


def project_at(service: Served, folder: Path, manifest: str = PICTURES) -> RemoteProject:
    """Three pictures, the first of them with a label, and the name of one with umlauts."""
    project = RemoteProject(folder, service.url)
    for number, name in enumerate(["a", "b", "grüße/ö"]):
        project.write(f"images/{name}.png", png(number))
    project.write("labels/a.json", [BOX])
    project.manifest(manifest)
    return project


@pytest.fixture
def project(service: Served, tmp_path: Path) -> RemoteProject:
    return project_at(service, tmp_path / "data")


def test_the_whole_story(service: Served, tmp_path: Path) -> None:
    project = project_at(service, tmp_path / "data", EVERYTHING)
    for number in (1, 2, 10):
        project.write(f"videos/straße/frame{number}.png", png(100 + number))
    plan = project.run("plan")
    assert plan.code == 0, plan.err
    assert plan.last_line.startswith("Plan: 5 to create, 0 to update, 0 to delete, 0 blocked")
    assert service.count("PUT") == 0
    done = project.apply()
    assert done.code == 0, done.err
    assert done.last_line == "Apply complete: 5 created, 0 updated, 0 deleted, 0 failed."
    tasks = {task["name"]: task for task in project.tasks()}
    assert sorted(tasks) == [
        "images/a.png",
        "images/b.png",
        "images/grüße/ö.png",
        "public one",
        "videos/straße",
    ]
    assert tasks["images/a.png"]["labels"] == 1
    assert tasks["images/grüße/ö.png"]["metadata"] == {"site": "Zürich"}
    assert tasks["images/grüße/ö.png"]["items"] == ["images/grüße/ö.png"]
    assert tasks["public one"]["items"] == [CAR]
    assert tasks["public one"]["priority"] == 0.5
    assert tasks["videos/straße"]["ground_truth"]
    assert tasks["videos/straße"]["items"] == [
        f"videos/straße/frame{number}.png" for number in (1, 2, 10)
    ]
    assert service.count("PUT") == 6
    again = project.apply()
    assert (again.code, again.last_line) == (0, NO_CHANGES)
    assert project.run("plan", "--refresh").last_line == NO_CHANGES
    assert project.run("drift").last_line == NO_DRIFT


def test_other_labels_send_no_picture_again(service: Served, project: RemoteProject) -> None:
    project.apply()
    before = service.count("PUT")
    project.write("labels/b.json", [BOX, OTHER_BOX])
    assert project.actions() == ["update images/b.png labels"]
    assert project.apply().last_line.startswith("Apply complete: 0 created, 1 updated")
    assert service.count("PUT") == before
    labels = service.task("images/b.png")["latestTaskData"]["labelsData"]
    assert labels.count('"bbox2d"') == 2
    assert project.run("drift").last_line == NO_DRIFT


def test_prune_deletes_what_is_not_declared_any_more(project: RemoteProject) -> None:
    project.apply()
    (project.folder / "images/b.png").unlink()
    assert project.apply().last_line == NO_CHANGES
    done = project.apply("--prune")
    assert done.last_line == "Apply complete: 0 created, 0 updated, 1 deleted, 0 failed."
    assert project.names() == ["images/a.png", "images/grüße/ö.png"]


def test_a_lost_state_is_rebuilt_and_nothing_is_sent_again(service: Served, tmp_path: Path) -> None:
    project = RemoteProject(tmp_path / "many", service.url)
    for number in range(600):
        project.write(f"images/{number:04}.png", png(number))
    project.manifest('datapoints:\n  - glob: "images/*.png"\n')
    done = project.apply("--jobs", "8")
    assert done.code == 0, done.err
    assert service.count("PUT") == 600
    for file in (project.folder / ".rbsync").glob("state.db*"):
        file.unlink()
    rebuilt = project.run("refresh")
    assert rebuilt.last_line == ("State refreshed: 600 added, 0 corrected, 0 removed, 0 unchanged.")
    assert project.run("plan").last_line == NO_CHANGES
    assert project.apply().last_line == NO_CHANGES
    assert service.count("PUT") == 600


def test_what_was_deleted_and_relabelled_is_named_and_never_overwritten(
    service: Served, project: RemoteProject
) -> None:
    project.apply()
    service.delete("images/grüße/ö.png")
    service.relabel("images/a.png", OTHER_BOX)
    found = project.run("drift")
    assert found.code == 2
    assert found.err == f"  - images/grüße/ö.png\n  ~ images/a.png  (labels)\n{NEXT}"
    assert found.last_line == "Drift: 1 missing, 1 edited, 0 unmanaged, 1 unchanged."
    assert project.run("plan").last_line == NO_CHANGES
    document = project.plan("--refresh")
    assert [(one["action"], one["name"], one["reason"]) for one in document["actions"]] == [
        ("create", "images/grüße/ö.png", "missing"),
        ("blocked", "images/a.png", "conflict"),
    ]
    project.run("plan", "--refresh", "-o", "p.json")
    puts = service.count("PUT")
    assert project.run("apply", "p.json").last_line.startswith("Apply complete: 1 created")
    assert service.count("PUT") == puts + 1, "its file may be gone as well"
    assert '"bus"' in service.task("images/a.png")["latestTaskData"]["labelsData"]
    assert project.run("adopt", "images/a.png").code == 3
    assert project.run("adopt", "images/a.png", "--force").code == 0
    assert project.apply().code == 0
    assert '"car"' in service.task("images/a.png")["latestTaskData"]["labelsData"]
    assert project.run("drift").last_line == NO_DRIFT


def test_a_project_that_was_lost_gets_its_files_again(
    service: Served, project: RemoteProject, tmp_path: Path
) -> None:
    project.apply()
    service.stop()
    shutil.rmtree(tmp_path / "service/project")
    with served(tmp_path / "service", "--type", "IMAGE_BBOX") as anew:
        project.url = anew.url
        project.manifest(PICTURES)
        assert project.run("drift").last_line == (
            "Drift: 3 missing, 0 edited, 0 unmanaged, 0 unchanged."
        )
        puts = anew.count("PUT")
        assert project.run("refresh").last_line == (
            "State refreshed: 0 added, 0 corrected, 3 removed, 0 unchanged."
        )
        done = project.apply()
        assert done.last_line == "Apply complete: 3 created, 0 updated, 0 deleted, 0 failed."
        assert anew.count("PUT") == puts + 3
        assert project.run("plan", "--refresh").last_line == NO_CHANGES


def test_a_series_whose_files_are_gone_gets_them_again(tmp_path: Path) -> None:
    """Of a series no record tells the files; the refusal of the service does."""
    with served(tmp_path / "service") as service:
        project = project_at(service, tmp_path / "data", 'datapoints:\n  - frames: "images/"\n')
        project.apply()
        service.stop()
    shutil.rmtree(tmp_path / "service/project")
    with served(tmp_path / "service") as anew:
        project.url = anew.url
        project.manifest('datapoints:\n  - frames: "images/"\n')
        project.run("refresh")
        done = project.apply()
        assert done.last_line == "Apply complete: 1 created, 0 updated, 0 deleted, 0 failed."


def test_a_page_in_place_of_the_storages_answer_has_the_file_sent_again(tmp_path: Path) -> None:
    page = {"kind": "PUT", "do": "html", "times": 1}
    with served(tmp_path / "service", "--type", "IMAGE_BBOX", faults=[page]) as service:
        project = project_at(service, tmp_path / "data")
        done = project.apply()
        assert done.last_line == "Apply complete: 3 created, 0 updated, 0 deleted, 0 failed."
        assert service.count("PUT") == 4


BUCKET = "99999999-9999-4999-8999-999999999999"
IN_A_BUCKET = f"""\
storages: {{mine: {BUCKET}}}
datapoints:
  - {{name: a, items: [a.png], storage: mine}}
  - {{name: b, items: [b.png], storage: mine}}
  - {{name: c, items: [https://example.org/c.png], storage: public}}
"""


@follows("it has public, redbrick")
def test_a_storage_that_is_not_there_is_known_before_anything_is_sent(
    service: Served, tmp_path: Path
) -> None:
    project = RemoteProject(tmp_path / "data", service.url)
    project.manifest(IN_A_BUCKET)
    for command in ("plan", "apply --yes"):
        refused = project.run(*command.split())
        assert refused.code == ExitCode.INVALID
        assert refused.err == (
            f"rbsync.yaml:5:5: the organization has no storage {BUCKET}\n"
            "    it has public, redbrick\n"
            f"rbsync.yaml:6:5: the organization has no storage {BUCKET}\n"
            "    it has public, redbrick\n"
            "2 problems; nothing was sent.\n"
        )
    assert service.others.names() == []
    partly = project.apply("--keep-going")
    assert partly.code == ExitCode.SOME_FAILED
    assert partly.last_line.startswith("Apply complete: 1 created")
    assert project.names() == ["c"]
    public = IN_A_BUCKET.replace("storage: mine", "storage: public")
    project.manifest(re.sub(r"\[([ab])", r"[https://example.org/\1", public))
    assert project.apply().code == 0


def test_a_storage_that_is_there_can_be_used(tmp_path: Path) -> None:
    with served(tmp_path / "service", "--storage", BUCKET) as service:
        project = RemoteProject(tmp_path / "data", service.url)
        project.manifest(IN_A_BUCKET)
        assert project.apply().last_line.startswith("Apply complete: 3 created")
        posts = service.count("POST")
        assert project.apply().last_line == NO_CHANGES
        assert service.count("POST") == posts + 1, "nobody needs to be asked for storages"


def test_a_service_that_keeps_its_storages_to_itself_is_believed(tmp_path: Path) -> None:
    fault = {"kind": "storageMethods", "do": "errors", "message": "not for you"}
    with served(tmp_path / "service", "--storage", BUCKET, faults=[fault]) as service:
        project = RemoteProject(tmp_path / "data", service.url)
        project.manifest(IN_A_BUCKET)
        assert project.apply().last_line.startswith("Apply complete: 3 created")


def test_other_items_other_metadata_and_a_lost_stamp_are_edits(
    service: Served, project: RemoteProject
) -> None:
    project.apply()
    others = service.others
    ids = {name: service.task(name)["taskId"] for name in ("images/a.png", "images/b.png")}
    picture = others.upload(png(50), "b.png")
    storage = "22222222-2222-2222-2222-222222222222"
    given = [
        {"taskId": ids["images/b.png"], "items": [picture]},
        {"taskId": ids["images/a.png"], "metaData": '{"site":"Basel"}'},
    ]
    for one in given:
        assert others.ask("updateTaskItems", storageId=storage, **one)["ok"]
    assert project.run("drift", "--json").json["edited"] == [
        # Without its stamp nothing tells what was uploaded.
        {"name": "images/a.png", "facets": ["items", "settings"]},
        {"name": "images/b.png", "facets": ["items"]},
    ]


def test_items_that_were_replaced_and_metadata_wiped_are_an_edit(
    service: Served, project: RemoteProject
) -> None:
    project.apply()
    others = service.others
    task_id = service.task("images/b.png")["taskId"]
    picture = others.upload(png(50), "b.png")
    assert others.ask(
        "updateTaskItems",
        storageId="22222222-2222-2222-2222-222222222222",
        taskId=task_id,
        items=[picture],
        metaData='{"site":"Zürich"}',
    )["ok"]
    found = project.run("drift")
    assert (found.code, found.err) == (2, f"  ~ images/b.png  (items)\n{NEXT}")
    shown = project.run("plan", "--refresh")
    assert (
        "  ! images/b.png  (items changed at the project; `rbsync adopt --force NAME`" in shown.out
    )
    assert project.run("adopt", "images/b.png", "--force").code == 0
    assert project.apply().last_line.startswith("Apply complete: 0 created, 1 updated")
    assert project.run("drift").last_line == NO_DRIFT


def test_a_task_that_others_put_in_the_place_of_ours_is_missing_and_unmanaged(
    service: Served, project: RemoteProject
) -> None:
    project.apply()
    service.delete("images/b.png")
    service.others.create("images/b.png")
    found = project.run("drift")
    assert (found.code, found.err) == (2, f"  - images/b.png\n  ? images/b.png\n{NEXT}")
    planned = project.plan("--refresh")["actions"]
    assert [(one["action"], one["name"], one["reason"]) for one in planned] == [
        ("blocked", "images/b.png", "conflict")
    ]


def test_where_there_are_no_stamps_none_is_missed(
    service: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RBSYNC_POLICY", "stamp=false")
    project = project_at(service, tmp_path / "data", PICTURES + "policy: {stamp: false}\n")
    project.apply()
    assert project.run("drift").last_line == NO_DRIFT
    assert project.run("plan", "--refresh").last_line == NO_CHANGES


def test_what_others_made_is_unmanaged_and_adopted_only_by_force(
    service: Served, project: RemoteProject
) -> None:
    service.others.create("images/b.png")
    refused = project.run("adopt")
    assert refused.code == 3
    assert "  ! images/b.png  (the project has another datapoint of this name" in refused.err
    assert project.run("drift", "--json").json["unmanaged"] == ["images/b.png"]
    assert project.run("adopt", "--force").last_line == "Adopted: 1 taken over, 0 refused."
    assert project.apply().last_line.startswith("Apply complete: 2 created, 1 updated")
    assert project.run("plan", "--refresh").last_line == NO_CHANGES


def test_a_wrong_key_is_said_to_be_one(project: RemoteProject) -> None:
    for command in (["plan"], ["apply", "--yes"], ["refresh"], ["drift"], ["ls"], ["adopt"]):
        refused = project.run(*command, RBSYNC_API_KEY="x" * 43)
        assert refused.code == (1 if command == ["drift"] else 7), command
        assert "x" * 43 not in refused.out + refused.err
    short = project.run("plan", RBSYNC_API_KEY="short")
    assert short.code == 7
    assert "the API key must have 43 characters; this one has 5" in short.err


def test_the_key_of_a_profile_of_another_service_is_not_sent(
    project: RemoteProject, tmp_path: Path
) -> None:
    (tmp_path / ".redbrickai").mkdir()
    section = f"key = {KEY}\norg = {ORG}\nurl ="
    (tmp_path / ".redbrickai/credentials").write_text(
        f"[there]\n{section} https://elsewhere.example\n[here]\n{section} {project.url}\n"
    )
    home = {"HOME": str(tmp_path), "VIRTUAL_ENV": ""}
    refused = project.run("--profile", "there", "plan", **home)
    assert refused.code == 7
    assert refused.err.startswith(
        "error: the profile there is for https://elsewhere.example, "
        f"and the manifest names {project.url}\n"
    )
    assert project.run("--profile", "here", "plan", RBSYNC_API_KEY="x" * 43, **home).code == 0
    missing = project.run("plan", "--profile", "her", **home)
    assert missing.code == 7
    assert 'there is no profile "her" in the credentials file' in missing.err


def test_no_key_says_where_to_get_one(project: RemoteProject, tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "VIRTUAL_ENV": ""}
    refused = project.run("plan", RBSYNC_API_KEY="", **home)
    assert refused.code == 7
    assert "there is no API key" in refused.err
    assert "hint: set RBSYNC_API_KEY" in refused.err


def test_a_service_that_is_down_is_told_clearly(service: Served, project: RemoteProject) -> None:
    project.apply()
    service.stop()
    state = (project.folder / ".rbsync/state.db").read_bytes()
    for command in (["plan"], ["apply", "--yes"], ["refresh"], ["drift"], ["adopt"], ["ls"]):
        failed = project.run(*command, "--give-up-after", "0")
        assert failed.code == (9 if command == ["plan"] else 1), command
        assert failed.err.startswith("error: localhost"), failed.err
        assert "Traceback" not in failed.err
    assert (project.folder / ".rbsync/state.db").read_bytes() == state


def test_killed_in_the_middle_and_then_completed(service: Served, tmp_path: Path) -> None:
    project = RemoteProject(tmp_path / "many", service.url)
    for number in range(300):
        project.write(f"images/{number:03}.png", png(number))
    project.manifest('datapoints:\n  - glob: "images/*.png"\n')
    running = project.start("apply", "--yes", "--jobs", "4")
    while len(service.others.names()) < 20 and running.poll() is None:
        time.sleep(0.02)
    running.kill()
    running.communicate()
    assert 0 < len(project.names()) < 300
    forget_when(project)
    done = project.apply()
    assert done.code == 0, done.err
    names = project.names()
    assert len(names) == len(set(names)) == 300
    assert project.run("plan", "--refresh").last_line == NO_CHANGES


def forget_when(project: RemoteProject) -> None:
    """Makes it long ago that the killed run sent something, so that nothing may land any more."""
    with written_anew(project.folder / ".rbsync/state.db") as state:
        state.execute("UPDATE intent SET sent_at = 0")


SECRET_PARTS = re.compile(r"X-(?:Amz|Rbsync)-\w+|[?&](?:signature|sig|expires)=", re.IGNORECASE)
EVERYTHING_FAILS: list[dict[str, Any]] = [
    {"kind": "PUT", "do": "status", "status": 500, "message": f"ApiKey: {KEY}"},
    {"kind": "createDatapoint", "do": "status", "status": 400, "message": f"{KEY} is tired"},
]


def traces(project: RemoteProject, *ran: Ran) -> str:
    """All that rbsync said and left in its folder."""
    said = "".join(one.out + one.err for one in ran)
    files = [one for one in project.folder.rglob("*") if one.is_file()]
    left = "".join(one.read_bytes().decode("latin-1") for one in files)
    return said + left


def shows_no_secret(text: str) -> None:
    assert KEY not in text
    assert not SECRET_PARTS.search(text)


def test_secrets_are_nowhere(service: Served, project: RemoteProject) -> None:
    ran = [
        project.run("plan", "-vv", "-o", "p.json", "--markdown", "p.md"),
        project.run("apply", "p.json", "-vv"),
        project.run("apply", "--yes", "-vv", "--json"),
        project.run("refresh", "-vv"),
        project.run("drift", "-vv", "--json"),
        project.run("state", "pull"),
        project.run("ls", "-vv", "--json"),
    ]
    assert [one.code for one in ran] == [0] * len(ran)
    shows_no_secret(traces(project, *ran))
    place = service.others.place()
    assert SECRET_PARTS.search(place["presignedUrl"]), "a signature would have been seen"


def test_secrets_are_nowhere_when_everything_fails(tmp_path: Path) -> None:
    with served(tmp_path / "service", "--type", "IMAGE_BBOX", faults=EVERYTHING_FAILS) as service:
        project = project_at(service, tmp_path / "data", EVERYTHING.split("  - frames")[0])
        ran = [
            project.run("plan", "-vv", "-o", "p.json"),
            project.run("apply", "--yes", "-vv", "--give-up-after", "1"),
            project.run("failures", "-vv"),
            project.run("state", "pull"),
            project.run("status", "-vv"),
        ]
        assert ran[1].code == 1
        assert "Apply stopped" in ran[1].out
        service.stop()
        asking = ("plan", "refresh", "adopt", "ls")
        ran += [project.run(command, "-vv", "--give-up-after", "0") for command in asking]
    shows_no_secret(traces(project, *ran))


@pytest.mark.parametrize(
    "fault",
    [
        {"do": "html"},
        {"do": "truncate"},
        {"do": "errors", "message": f"who sent ApiKey: {KEY}?"},
        {"do": "status", "status": 400, "message": f"the key {KEY} is odd"},
        {"do": "status", "status": 403, "message": f"the key {KEY} is not allowed"},
    ],
    ids=lambda fault: str(fault.get("status", fault["do"])),
)
def test_whatever_is_answered_to_every_operation_shows_no_secret(
    tmp_path: Path, fault: dict[str, Any]
) -> None:
    with served(tmp_path / "service", faults=[{"kind": "POST", **fault}]) as service:
        project = project_at(service, tmp_path / "data")
        ran = [project.run(*one, "-vv") for one in (["plan"], ["apply", "--yes"], ["refresh"])]
    # What cannot be looked at is not known (9); what cannot be refreshed is an error.
    assert {one.code for one in ran} <= ({7} if fault.get("status") == 403 else {1, 9})
    assert all(one.err.startswith("error: ") for one in ran)
    shows_no_secret(traces(project, *ran))
