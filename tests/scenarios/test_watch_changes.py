"""Files and folders that are replaced, moved, taken away and given back while a watch runs.

At the size of real life: ``RBSYNC_WATCH=full pytest -n0 tests/scenarios/test_watch_changes.py``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.scenarios.offline_service import RemoteProject, served
from tests.scenarios.pictures import png
from tests.scenarios.project import Project
from tests.scenarios.watching import FULL, MANIFEST, NOT_ANOTHER, Running, can_run_as, watching
from tests.service.serving import KEY

COUNT = 1000 if FULL else 30
ROUNDS = 40 if FULL else 1
GRACE = 2.0 if FULL else 5.0
SETTLED = ("--settle", "0.1")
NOBODY = 65534
AS_NOBODY = (
    "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
    "--inh-caps=-all", "--bounding-set=-all",
)  # fmt: skip
pytestmark = pytest.mark.timeout(0 if FULL else 120)


@pytest.fixture
def filled(tmp_path: Path) -> Project:
    project = Project(tmp_path / "data")
    project.manifest(MANIFEST)
    for number in range(COUNT):
        project.write(f"images/{number % 5}/{number}.png", png(number))
    return project


def removed(running: Running) -> list[str]:
    return sorted(name for action, name in running.counted() if action == "delete")


def until_blocked(running: Running, times: int) -> None:
    running.until(lambda: len(running.events("blocked")) >= times)


def same_as_disk(project: Project) -> bool:
    """Tells whether the project holds what the folder does."""
    found = {
        str(path.relative_to(project.folder)) for path in project.folder.glob("images/**/*.png")
    }
    return set(project.names()) == found and project.actions("--prune") == []


def test_what_comes_back_within_its_grace_is_never_deleted(filled: Project) -> None:
    images = filled.folder / "images"
    with watching(filled, *SETTLED, "--prune", "--grace", str(GRACE)) as running:
        assert running.flush() == 0
        for number in range(ROUNDS):
            # As editors and exporters replace a file.
            (images / "0/0.png").unlink()
            assert running.flush() == 0
            (images / "0/0.png").write_bytes(png(5000 + number))
            # A folder that is deleted and made again.
            shutil.copytree(images / "1", filled.folder / "copy")
            shutil.rmtree(images / "1")
            assert running.flush() == 0
            (filled.folder / "copy").rename(images / "1")
            # A file that is cut off for a while, and one that is renamed there and back.
            (images / "2/2.png").write_bytes(png(2)[:40])
            (images / "3/3.png").rename(images / "3/renamed.png")
            until_blocked(running, number + 1)
            (images / "2/2.png").write_bytes(png(2))
            (images / "3/renamed.png").rename(images / "3/3.png")
            assert running.flush() == 0
        since = time.monotonic()
        running.until(lambda: time.monotonic() > since + GRACE)
        assert running.flush() == 0
        assert removed(running) == []
        assert same_as_disk(filled)


def test_folders_that_are_renamed_keep_their_tasks_and_are_still_watched(filled: Project) -> None:
    images = filled.folder / "images"
    with watching(filled, *SETTLED, "--prune", "--grace", "0") as running:
        assert running.flush() == 0
        (images / "loop").symlink_to(images, target_is_directory=True)
        for number in range(ROUNDS):
            (images / "4").rename(images / "moved")
            (images / "moved" / f"new{number}.png").write_bytes(png(7000 + number))
            assert running.flush() == 0
            (images / "moved").rename(images / "4")
            (images / "4" / f"more{number}.png").write_bytes(png(8000 + number))
            assert running.flush() == 0
        # Without a flush: an event has to come from the folder at its new place.
        (images / "4/last.png").write_bytes(png(9000))
        running.until(lambda: ("create", "images/4/last.png") in running.counted())
        assert removed(running) == []
        assert same_as_disk(filled)
    counted = running.counted()
    assert max(counted[key] for key in counted if key[0] == "create") == 1


def test_a_link_that_leads_to_a_folder_is_watched_where_it_leads(tmp_path: Path) -> None:
    project = Project(tmp_path / "data")
    project.manifest(MANIFEST)
    project.write("store/a/1.png", png(1))
    project.write("store/b/1.png", png(1))
    (project.folder / "images").symlink_to("store/a", target_is_directory=True)
    with watching(project, *SETTLED) as running:
        project.write("store/a/2.png", png(2))
        running.until(lambda: ("create", "images/2.png") in running.counted())
        (project.folder / "other").symlink_to("store/b", target_is_directory=True)
        (project.folder / "other").rename(project.folder / "images")
        project.write("store/b/3.png", png(3))
        running.until(lambda: ("create", "images/3.png") in running.counted())


@contextmanager
def mounted(source: Path, place: Path) -> Iterator[None]:
    """A disk at a place while the block runs."""
    done = subprocess.run(["mount", "--bind", str(source), str(place)], capture_output=True)
    if done.returncode:
        pytest.skip("no disk may be mounted here; a folder that is moved away stands for it")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("place", ["images/4", *["images"] * FULL])
def test_an_unmounted_disk_deletes_nothing(filled: Project, place: str) -> None:
    disk = filled.folder.parent / "disk"
    (filled.folder / place).rename(disk)
    (filled.folder / place).mkdir()
    with ExitStack() as unmounted:
        unmounted.enter_context(mounted(disk, filled.folder / place))
        with watching(filled, *SETTLED, "--prune", "--grace", "0") as running:
            assert running.flush() == 0
            unmounted.close()
            running.until(lambda: "unmounted" in running.messages())
            running.flush("--timeout", "1")
            (disk / "new.png").write_bytes(png(9999))
            # No event tells that there is more below a folder on which a disk is mounted.
            with mounted(disk, filled.folder / place):
                running.until(lambda: ("create", f"{place}/new.png") in running.counted())
                (disk / "later.png").write_bytes(png(9998))
                running.until(lambda: ("create", f"{place}/later.png") in running.counted())
                assert removed(running) == []
                assert same_as_disk(filled)


def test_a_folder_without_permission_is_told_and_found_again() -> None:
    if not can_run_as(AS_NOBODY):
        pytest.skip(NOT_ANOTHER)
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        project = Project(Path(folder) / "data")
        project.manifest(MANIFEST)
        for number in range(COUNT):
            project.write(f"images/{number % 5}/{number}.png", png(number))
        subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", folder], check=True)
        homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"), folder)
        arguments = ("--prune", "--grace", "0")
        with watching(project, *SETTLED, *arguments, before=AS_NOBODY, **homes) as running:
            running.until(lambda: len(running.counted()) == COUNT)
            place = project.folder / "images/4"
            place.chmod(0)
            running.until(lambda: "unread" in running.messages())
            place.chmod(0o755)
            (place / "new.png").write_bytes(png(9999))
            running.until(lambda: ("create", "images/4/new.png") in running.counted())
            assert removed(running) == []


def test_files_that_are_replaced_while_they_are_sent_end_as_they_are(tmp_path: Path) -> None:
    slow = [{"kind": "PUT", "do": "delay", "seconds": 0.2}]
    with served(tmp_path / "service", faults=slow) as service:
        project = RemoteProject(tmp_path / "data", service.url)
        project.manifest('datapoints:\n  - glob: "images/**/*.png"\n')
        project.write("images/first.png", png(1))
        with watching(project, *SETTLED, RBSYNC_API_KEY=KEY) as running:
            for number in range(5 + ROUNDS):
                project.write(f"images/{number % 3}.png", png(100 + number))
                (project.folder / f"images/{number % 3}.tmp").write_bytes(png(200 + number))
                os.replace(
                    project.folder / f"images/{number % 3}.tmp",
                    project.folder / f"images/{number % 3}.png",
                )
                running.until(lambda: running.events("look"))
            assert running.flush("--timeout", "60") == 0
            assert same_as_disk(project)
