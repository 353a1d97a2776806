"""The vendor's command line of 2.35.4, unchanged, ends at the service as at the real one."""

from __future__ import annotations

import configparser
import json
from pathlib import Path
from typing import Any

import pytest

from rbsync.labels.taxonomy_json import read_taxonomy
from tests.scenarios.pictures import png
from tests.service.serving import KEY, ORG, PROJECT, REDBRICK, NearClient, serving
from tests.service.vendor_environment import run_client

pytestmark = [pytest.mark.vendor, pytest.mark.timeout(1000)]

CLIENT = Path(__file__).with_name("vendor_commands.py")
TAXONOMY = {
    "name": "tax-a",
    "objectTypes": [{"category": "liver", "classId": 0, "labelType": "SEGMENTATION"}],
}
MAKE = ["--name", "fresh", "--taxonomy", "tax-a", "--reviews", "1", "--sibling-tasks", "1"]
TRUTH = "--ground-truth"
# In the folder that each runs in; a workspace that is named is not asked for.
COMMANDS = {
    "init": [".", "init", *MAKE, "--workspace", "lab", "fresh"],
    "clone": [".", "clone", PROJECT, "cloned"],
    "clone by name": [".", "clone", "served", "named"],
    "upload": ["cloned", "upload", "--type", "IMAGE2D", "../pictures"],
    "upload again": ["cloned", "upload", "--type", "IMAGE2D", "../pictures"],
    "upload JSON": ["cloned", "upload", "--json", "../l.json", "--storage", "public", TRUTH],
    "export": ["cloned", "export", "--with-files", "--destination", "out"],
    "export ground truth": ["cloned", "export", "groundtruth", "--destination", "truth"],
    "report": ["cloned", "report"],
}
PICTURES = ("one.png", "two.png")
FOUND = [f"../pictures/{name}" for name in PICTURES]

Came = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vendor-command-line")


@pytest.fixture(scope="module")
def came(folder: Path, request: pytest.FixtureRequest) -> Came:
    """What came of all commands, in their order: one run of the SDK, for it takes its time."""
    with serving(folder / "served", taxonomy=read_taxonomy(TAXONOMY)) as service:
        return ran(service, folder, request.config)


def ran(service: NearClient, work: Path, config: pytest.Config) -> Came:
    """Runs all commands; what they said, and what the service has afterwards."""
    service.service.account.put(
        "workspaces",
        "cccccccc-0000-4000-8000-000000000003",
        {
            "orgId": ORG,
            "workspaceId": "cccccccc-0000-4000-8000-000000000003",
            "name": "lab",
            "createdAt": "2026-01-01T00:00:00Z",
            "status": "CREATION_SUCCESS",
        },
    )
    (work / ".redbrickai").mkdir()
    profile = f"type = apikey\nkey = {KEY}\norg = {ORG}\nurl = {service.url}\n"
    (work / ".redbrickai/credentials").write_text(f"[default]\nprofile = a\n[a]\n{profile}")
    (work / "pictures").mkdir()
    for number, name in enumerate(PICTURES):
        (work / "pictures" / name).write_bytes(png(number))
    # Somebody's public address, which can be reached from here.
    stored = service.upload(png(9), "a.png")
    (url,) = service.ask("presignItems", storageId=REDBRICK, items=[stored])
    (work / "l.json").write_text(json.dumps([{"name": "listed", "series": [{"items": url}]}]))
    run_client(config, CLIENT, work, json.dumps(list(COMMANDS.values())))
    ended = json.loads((work / "commands.json").read_text())
    return {
        "ended": dict(zip(COMMANDS, ended, strict=True)),
        "made": service.ask("project", projectId=project_in(work / "fresh")),
        "tasks": service.ask("genericTasks")["entries"],
        "url": url,
    }


def project_in(folder: Path) -> str:
    """The project that a folder of the command line is of."""
    config = configparser.ConfigParser()
    assert config.read(folder / ".redbrick/config"), folder
    assert config["org"]["id"] == ORG
    return config["project"]["id"]


def names(path: Path) -> list[str]:
    return sorted(one["name"] for one in json.loads(path.read_text()))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_ends_well(came: Came, name: str) -> None:
    code, said = came["ended"][name]
    assert (code, "Traceback" in said) == (0, False), said


def test_init_makes_a_project(came: Came, folder: Path) -> None:
    made = came["made"]
    assert made["projectId"] == project_in(folder / "fresh") != PROJECT
    assert (made["name"], made["taxonomy"]["name"]) == ("fresh", "tax-a")
    assert made["workspace"]["workspaceId"].startswith("cccccccc")
    stages = [one["stageName"] for one in made["stages"]]
    assert {"Label", "Review_1"} <= set(stages), stages


def test_clone_binds_a_folder_to_the_project(came: Came, folder: Path) -> None:
    assert project_in(folder / "cloned") == project_in(folder / "named") == PROJECT


def test_upload_of_a_folder_makes_a_datapoint_of_each_picture_once(came: Came) -> None:
    tasks = {one["datapoint"]["name"]: one for one in came["tasks"]}
    assert sorted(tasks) == [*FOUND, "listed"]
    assert {one["currentStageName"] for name, one in tasks.items() if name in FOUND} == {"Label"}


def test_upload_of_a_list_makes_its_datapoints_in_their_storage(came: Came) -> None:
    (listed,) = [one for one in came["tasks"] if one["datapoint"]["name"] == "listed"]
    assert listed["datapoint"]["items"] == [came["url"]]
    assert listed["currentStageName"] == "END"


def test_export_writes_the_tasks_and_the_bytes_of_their_pictures(came: Came, folder: Path) -> None:
    out = folder / "cloned/out"
    assert names(out / "tasks.json") == [*FOUND, "listed"]
    tasks = {one["name"]: one for one in json.loads((out / "tasks.json").read_text())}
    for number, name in enumerate(FOUND):
        (item,) = tasks[name]["series"][0]["items"]
        assert (folder / "cloned" / item).read_bytes() == png(number), item
    assert names(folder / "cloned/truth/tasks.json") == ["listed"]


def test_report_tells_what_became_of_each_task(came: Came, folder: Path) -> None:
    (path,) = (folder / "cloned").glob("report-*.json")
    report = json.loads(path.read_text())
    ids = {one["taskId"] for one in came["tasks"]}
    assert {one["taskId"] for one in report} == ids
    assert all(one["events"] for one in report), report
