"""Where no events are to be had, a watch polls, and says so."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.scenarios import fuse
from tests.scenarios.pictures import png
from tests.scenarios.project import Project
from tests.scenarios.watching import MANIFEST, Running, watching

SETTLED = ("--settle", "0.1")
# A name space of its own has a limit of its own; all others keep theirs.
LIMITED = 'echo 4 > /proc/sys/user/max_inotify_watches && exec "$@"'
OF_ITS_OWN = ("unshare", "--user", "--map-root-user", "sh", "-c", LIMITED, "sh")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "data")
    made.manifest(MANIFEST)
    (made.folder / "images").mkdir()
    return made


def polls_because(running: Running) -> str:
    running.until(lambda: "polling" in running.messages())
    (one,) = (one for one in running.events("message") if one["code"] == "polling")
    return f"{one['message']} {one['hint']}"


def may_limit() -> bool:
    """Tells whether a program may be given a limit of its own: many containers allow it to none."""
    ran = shutil.which("unshare") and subprocess.run([*OF_ITS_OWN, "true"], capture_output=True)
    return bool(ran) and not ran.returncode


@pytest.mark.skipif(not may_limit(), reason="no limit of its own can be set here")
def test_the_limit_of_watches_below_the_first_folder_is_said_and_polled(project: Project) -> None:
    for number in range(6):
        project.write(f"images/{number}/{number}.png", png(number))
    with watching(project, *SETTLED, before=OF_ITS_OWN) as running:
        why = polls_because(running)
        project.write("images/5/late.png", png(99))
        running.until(lambda: ("create", "images/5/late.png") in running.counted())
    assert "the limit of watched folders is reached: polling instead" in why
    assert "sysctl -w fs.inotify.max_user_watches=" in why


@pytest.mark.skipif(not fuse.DEVICE.exists() or os.getuid() != 0, reason="no disk can be mounted")
def test_a_disk_of_another_machine_is_polled_and_files_there_are_quiet_for_longer(
    project: Project,
) -> None:
    files = {"0.png": png(0)}
    try:
        mount = fuse.mounted(project.folder / "images", files)
        with mount, watching(project, *SETTLED) as running:
            why = polls_because(running)
            files["1.png"] = png(1)
            running.until(lambda: len(running.counted()) == 2)
            said = running.messages()
    except PermissionError:
        pytest.skip("no disk can be mounted")
    assert "a folder lies on fuse, whose changes raise no events: polling instead" in why
    assert "unproven" in said
