"""Writers that take their time: no half of a file is ever at the project.

At the size of real life: ``RBSYNC_WATCH=full pytest -n0 -s tests/scenarios/test_watch_writers.py``.
"""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rbsync.files import tree_hashing
from tests.scenarios.project import Project
from tests.scenarios.slow_writers import nifti
from tests.scenarios.watching import FULL, NOT_ANOTHER, Running, can_run_as, watching

COUNT = 1000 if FULL else 12
SETTLE = 0.5 if FULL else 0.05
SETTLED = ("--settle", str(SETTLE))
NOBODY = 65534
AS_NOBODY = (
    "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
    "--inh-caps=-all", "--bounding-set=-all",
)  # fmt: skip
pytestmark = pytest.mark.timeout(0 if FULL else 120)


def write_slowly(folder: Path, pauses: float, ways: str) -> set[str]:
    """Writes files that pause for so many times the settle time.

    Returns the names of those that paused for longer, because the machine was busy.
    """
    pause = str(pauses * SETTLE)
    program = [sys.executable, "-m", "tests.scenarios.slow_writers"]
    command = [*program, str(folder), str(COUNT), pause, ways]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {f"{folder.name}/{name}" for name in done.stdout.split()}


def check_each_came_once(running: Running, but: frozenset[str] = frozenset()) -> None:
    """Each file is there, and no other version of it than its last has ever been."""
    assert running.flush("--timeout", "300") == 0
    counted = running.counted()
    names = {name for action, name in counted if action == "create"}
    again = {name for action, name in counted if action != "create"} - but
    print(f"{len(names):,} files, {len(again)} of them in parts; {len(but)} are not counted")
    assert len(names) == COUNT
    assert not again
    assert running.project.actions() == []


def test_slow_writers_are_waited_for_whatever_they_do(tmp_path: Path) -> None:
    project = Project(tmp_path / "data")
    project.manifest("datapoints: [{glob: 'scans/*', allow_empty: true}]\n")
    scans = project.folder / "scans"
    scans.mkdir()
    with watching(project, *SETTLED) as running:
        write_slowly(scans, 10, "amww")
        check_each_came_once(running)
    assert {one["why"] for one in running.events("waiting")} >= {"writer"}


@pytest.fixture
def of_others() -> Iterator[Project]:
    """A project of nobody, in whose folder of scans root writes."""
    if not can_run_as(AS_NOBODY):
        pytest.skip(NOT_ANOTHER)
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        project = Project(Path(folder) / "data")
        project.manifest("datapoints: [{glob: 'scans/*', allow_empty: true}]\n")
        (project.folder / "scans").mkdir()
        os.chown(project.folder, NOBODY, NOBODY)
        yield project


def test_without_leases_and_events_files_are_quiet_for_longer(of_others: Project) -> None:
    home = str(of_others.folder)
    homes = {"HOME": home, "XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home}
    with watching(of_others, *SETTLED, "--poll", "0.1", before=AS_NOBODY, **homes) as running:
        # Shorter than four times the settle time, after which a file counts as finished here.
        late = write_slowly(of_others.folder / "scans", 3, "fw")
        check_each_came_once(running, frozenset(late))
        assert running.messages() == ["unproven"]


def test_a_store_that_no_time_tells_of_is_taken_up_by_the_next_apply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree_hashing, "RACY", 0)
    project = Project(tmp_path / "data")
    project.manifest("datapoints: [{glob: '*.nii'}]\n")
    place = project.write("scan.nii", nifti(1))
    with open(place, "r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        mapped[-1] = 1
        assert project.actions() == ["create scan.nii"]
        mapped[-1] = 2
        # It is known by its size and times, which are as they were.
        assert project.apply().code in (0, 3)
        assert project.apply().code == 0
    assert project.actions() == []
