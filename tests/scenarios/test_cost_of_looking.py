"""What it costs to look at what a plan would overwrite, in requests to the service.

The whole size: `RBSYNC_LOOKS=100000 pytest -n0 tests/scenarios/test_cost_of_looking.py`.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rbsync.backends.redbrick.backend import PAGE
from rbsync.errors import ExitCode
from tests.scenarios.offline_service import RemoteProject, Served, served

TASKS = int(os.environ.get("RBSYNC_LOOKS", "3000"))
HANDFUL = 6
pytestmark = pytest.mark.timeout(120 if TASKS < 100_000 else 0)
NO_CHANGES = "No changes. The project matches the manifest."


def items_list(project: RemoteProject, changed: int) -> None:
    """A list of datapoints, of which the first ones have another priority."""
    project.write(
        "items.json",
        [
            {
                "name": f"{number:05}",
                "items": [f"https://example.org/{number}.png"],
                "priority": 0.5 if number < changed else 0.25,
            }
            for number in range(TASKS)
        ],
    )
    # What was written just now may be written again within the same tick, and is not remembered.
    for file in ("items.json", "rbsync.yaml"):
        os.utime(project.folder / file, (1_700_000_000 + changed, 1_700_000_000 + changed))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("service")) as one:
        yield one


@pytest.fixture(scope="module")
def project(service: Served, tmp_path_factory: pytest.TempPathFactory) -> RemoteProject:
    made = RemoteProject(tmp_path_factory.mktemp("work"), service.url)
    made.manifest("datapoints:\n  - items_list: items.json\n    storage: public\n")
    items_list(made, 0)
    assert made.apply("--jobs", "24").code == 0
    return made


def requests_of(service: Served, project: RemoteProject, *arguments: str) -> tuple[str, int]:
    before = service.count("POST")
    ran = project.run("plan", *arguments)
    assert ran.code == 0, ran
    return ran.last_line, service.count("POST") - before


def test_ten_changes_among_many_tasks(service: Served, project: RemoteProject) -> None:
    items_list(project, 10)
    line, requests = requests_of(service, project)
    assert line.startswith("Plan: 0 to create, 10 to update")
    assert 10 <= requests <= 10 + HANDFUL


def test_half_of_the_tasks_cost_no_more_than_a_listing(
    service: Served, project: RemoteProject
) -> None:
    items_list(project, TASKS // 2)
    line, requests = requests_of(service, project)
    assert line.startswith(f"Plan: 0 to create, {TASKS // 2:,} to update")
    assert requests <= TASKS // PAGE + HANDFUL


def test_nothing_to_do_costs_nothing(service: Served, project: RemoteProject) -> None:
    items_list(project, 0)
    # A file that was touched a moment ago is not believed to stay as it is.
    time.sleep(4)
    requests_of(service, project)
    line, requests = requests_of(service, project)
    assert line.startswith("No changes.")
    assert requests == 0


def test_offline_costs_nothing(service: Served, project: RemoteProject) -> None:
    items_list(project, 10)
    line, requests = requests_of(service, project, "--offline")
    assert line.startswith("Plan: 0 to create, 10 to update")
    assert requests == 0


def test_a_service_that_does_not_answer_leaves_the_plan_incomplete(
    service: Served, project: RemoteProject, tmp_path: Path
) -> None:
    items_list(project, 10)
    elsewhere = RemoteProject(project.folder, "http://127.0.0.1:9")
    manifest = (project.folder / "rbsync.yaml").read_text()
    try:
        (project.folder / "rbsync.yaml").write_text(manifest.replace(service.url, elsewhere.url))
        ran = elsewhere.run("plan", "--give-up-after", "0")
    finally:
        (project.folder / "rbsync.yaml").write_text(manifest)
    assert ran.code == ExitCode.INCOMPLETE
    assert "--offline" in ran.err
    with closing(sqlite3.connect(project.folder / ".rbsync/state.db")) as state:
        assert state.execute("SELECT count(*) FROM record").fetchone() == (TASKS,)
