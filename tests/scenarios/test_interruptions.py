"""Runs that end too soon, and runs that meet."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.real_images import build_tree
from tests.scenarios.pictures import png
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


def wait_for_tasks(project: Project, count: int, running: Started) -> None:
    """Until the project holds so many datapoints, as its database says."""
    import sqlite3

    database = project.folder / ".rbsync/project/project.db"
    while running.poll() is None:
        if database.exists():
            try:
                with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
                    (found,) = connection.execute("SELECT count(*) FROM tasks").fetchone()
            except sqlite3.Error:
                found = 0
            if found >= count:
                return
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


def test_killed_25_times_and_then_left_in_peace(tmp_path: Path) -> None:
    project = Project(tmp_path / "data")
    for number in range(400):
        project.write(f"images/{number:03}.png", png(number))
    project.manifest('datapoints:\n  - glob: "images/*.png"\n')
    chance = random.Random(7)
    killed = 0
    for _ in range(25):
        running = project.start("apply", "--yes", "--jobs", "2")
        time.sleep(0.05 + chance.random() * 0.45)
        if running.poll() is None:
            running.kill()
            killed += 1
        running.communicate()
    # How many it are depends on the machine; a run that has nothing to do may end first.
    assert killed >= 5
    quiet = project.apply()
    assert quiet.code == 0, quiet.err
    names = project.names()
    assert len(names) == len(set(names)) == 400
    assert project.actions() == []
