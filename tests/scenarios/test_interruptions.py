"""Runs that end too soon, and runs that meet."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.real_images import build_tree
from tests.scenarios.project import Project
from tests.scenarios.started import Started

NO_CHANGES = "No changes. The project matches the manifest."


@pytest.fixture(autouse=True)
def trusted(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one who runs rbsync allows the folder; a manifest alone cannot."""
    monkeypatch.setenv("RBSYNC_ROOTS", f"{many}/images")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,000 real pictures."""
    folder = tmp_path_factory.mktemp("many")
    build_tree(folder / "images", 2000)
    return folder


def real_project(folder: Path, many: Path) -> Project:
    project = Project(folder)
    os.symlink(many / "images", folder / "images")
    project.manifest(
        f'roots: [{many}/images]\ndatapoints:\n  - glob: "images/**/*.{{png,jpg,jpeg,bmp}}"\n'
    )
    return project


def number_of_tasks(project: Project) -> int:
    """How many datapoints the project holds, as its database says."""
    database = project.folder / ".rbsync/project/project.db"
    if not database.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            (found,) = connection.execute("SELECT count(*) FROM tasks").fetchone()
    except sqlite3.Error:
        return 0
    return int(found)


def wait_for_tasks(project: Project, count: int, running: Started) -> None:
    """Until the project holds so many datapoints, or the run has ended."""
    while running.poll() is None and number_of_tasks(project) < count:
        time.sleep(0.005)


def test_ctrl_c_ends_the_run_and_the_next_one_does_exactly_the_rest(
    tmp_path: Path, many: Path
) -> None:
    project = real_project(tmp_path / "data", many)
    running = project.start("apply", "--yes", "--json", "--jobs", "2")
    wait_for_tasks(project, 500, running)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    report = json.loads(out)
    created = report["summary"]["created"]
    assert 0 < created < 2000
    assert created + report["summary"]["skipped"] == 2000
    assert len(project.names()) == created
    done = project.apply()
    assert done.last_line == (
        f"Apply complete: {2000 - created:,} created, 0 updated, 0 deleted, 0 failed."
    )
    assert len(set(project.names())) == len(project.names()) == 2000
    assert project.run("plan").last_line == NO_CHANGES


def test_two_applies_at_once_create_nothing_twice(tmp_path: Path, many: Path) -> None:
    project = real_project(tmp_path / "data", many)
    first = project.start("apply", "--yes", "--jobs", "2")
    wait_for_tasks(project, 50, first)
    began = time.monotonic()
    # It stands still meanwhile, or it might be done before the others have read anything.
    first.send_signal(signal.SIGSTOP)
    planned = project.run("plan")
    assert planned.code == 0
    impatient = project.apply("--lock-timeout", "0")
    first.send_signal(signal.SIGCONT)
    assert first.poll() is None, "the plan was not made while the apply was running"
    second = project.start("apply", "--yes")
    _, err = second.communicate(timeout=120)
    first_out, first_err = first.communicate(timeout=120)
    assert impatient.code == 4
    assert f"pid {first.pid}" in impatient.err
    assert first.returncode == 0, first_err
    assert second.returncode == 0, err
    assert first_out.strip().endswith("0 failed.")
    assert "2,000 created" in first_out
    assert len(set(project.names())) == len(project.names()) == 2000
    assert time.monotonic() - began < 120


def test_killed_25_times_and_then_left_in_peace(tmp_path: Path, many: Path) -> None:
    project = real_project(tmp_path / "data", many)
    chance = random.Random(7)
    killed = 0
    for kill in range(25):
        running = project.start("apply", "--yes", "--jobs", "2")
        if kill % 3:
            # Counted in datapoints: a fast machine would have made them all in a fixed time.
            wait_for_tasks(project, number_of_tasks(project) + chance.randint(1, 40), running)
        else:
            time.sleep(chance.random() * 0.1)
        if running.poll() is None:
            running.kill()
            killed += 1
        running.communicate()
    assert killed >= 10
    quiet = project.apply()
    assert quiet.code == 0, quiet.err
    names = project.names()
    assert len(names) == len(set(names)) == 2000
    assert project.actions() == []
