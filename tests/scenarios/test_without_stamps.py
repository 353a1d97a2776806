"""`policy.stamp: false`: what an answer did not tell is told by items, labels and settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rbsync.backends.redbrick.backend import RedbrickBackend
from rbsync.errors import ExitCode
from tests.scenarios.offline_service import RemoteProject, Served, left_open, served
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX

NO_CHANGES = "No changes. The project matches the manifest."
MANIFEST = """\
policy: {stamp: false}
datapoints:
  - items: [https://example.org/a.png]
    name: url
    storage: public
    priority: 0.5
  - glob: "images/*.png"
    labels: "labels/{stem}.json?"
    metadata: {site: Zürich}
  - frames: "videos/*/"
    ground_truth: true
"""
NAMES = ["images/a.png", "images/b.png", "url", "videos/one"]
LOST = {"kind": "createDatapoint", "do": "drop"}


@pytest.fixture(autouse=True)
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A manifest may not go without stamps unless the one who runs it says so too."""
    monkeypatch.setenv("RBSYNC_POLICY", "stamp=false")


@pytest.fixture(autouse=True)
def short_quarantine(monkeypatch: pytest.MonkeyPatch) -> None:
    defaults: Any = RedbrickBackend.__init__.__kwdefaults__
    monkeypatch.setitem(defaults, "quarantine", 0.3)


def project_at(service: Served, folder: Path) -> RemoteProject:
    project = RemoteProject(folder, service.url)
    for number, name in enumerate(["images/a", "images/b", "videos/one/1", "videos/one/2"]):
        project.write(f"{name}.png", png(number))
    project.write("labels/a.json", [BOX])
    project.manifest(MANIFEST)
    return project


def test_creates_whose_answers_are_lost_are_known_again(tmp_path: Path) -> None:
    with served(tmp_path / "service", faults=[LOST]) as service:
        project = project_at(service, tmp_path / "data")
        done = project.apply()
        assert done.last_line == "Apply complete: 4 created, 0 updated, 0 deleted, 0 failed."
        assert project.names() == NAMES
        assert "rbsync_fingerprint" not in str(service.task("images/a.png"))
        assert project.run("plan").last_line == NO_CHANGES


def test_a_killed_run_finds_what_it_made(tmp_path: Path) -> None:
    with served(tmp_path / "service") as service:
        project = project_at(service, tmp_path / "data")
        project.apply()
        puts = service.count("PUT")
        left_open(project)
        waits = project.run("plan")
        assert waits.code == ExitCode.INCOMPLETE
        assert waits.last_line.startswith("Plan: 0 to create, 0 to update, 0 to delete, 4 blocked")
        assert project.apply().last_line == NO_CHANGES
        assert project.names() == NAMES
        assert service.count("PUT") == puts


OTHERS: list[dict[str, Any]] = [
    {"items": ["https://example.org/b.png"], "priority": 0.5},
    {"items": ["https://example.org/a.png"], "priority": 0.4},
    {"items": ["https://example.org/a.png"], "priority": 0.5, "labelsData": json.dumps([BOX])},
    {"items": ["https://example.org/a.png"], "priority": 0.5, "metaData": '{"a":"b"}'},
]


@pytest.mark.parametrize("other", OTHERS, ids=["items", "priority", "labels", "metadata"])
def test_what_others_made_of_the_same_name_is_not_ours(
    tmp_path: Path, other: dict[str, Any]
) -> None:
    with served(tmp_path / "service") as service:
        project = project_at(service, tmp_path / "data")
        service.others.create("url", **other)
        done = project.apply()
        assert done.code == ExitCode.SOME_FAILED
        assert (
            done.last_line
            == "Apply complete: 3 created, 0 updated, 0 deleted, 0 failed, 1 blocked."
        )
        assert "the project has another datapoint of this name" in done.out + done.err
        again = project.apply()
        assert again.last_line == "Apply complete: 0 created, 0 updated, 0 deleted, 1 failed."
        assert service.others.names().count("url") == 1
