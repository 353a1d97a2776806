"""A machine that gives no more memory, or no more threads, is told in a line."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from rbsync.errors import ExitCode
from rbsync.files.tree_hashing import MANY
from tests.scenarios.pictures import png
from tests.scenarios.project import Project

GIB = 1 << 30

# Of addresses, so much as is used once the program is loaded and 128 MiB.
NARROW = """
import resource, sys
import rbsync.cli.main, rbsync.cli.plan, rbsync.cli.open_workspace, rbsync.cli.render.error_view
import rbsync.manifest.load
with open("/proc/self/statm") as file:
    used = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (128 << 20),) * 2)
sys.exit(rbsync.cli.main.main(sys.argv[1:]))
"""


def narrow(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", NARROW, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    # A limit below what Python itself uses would end it before rbsync begins: only Linux tells.
    if not Path("/proc/self/statm").exists():
        pytest.skip("this system does not tell what addresses a program uses")
    project = Project(tmp_path)
    project.manifest('datapoints:\n  - glob: "*.png"\n')
    project.write("a.png", png(1))
    return project


def test_a_small_manifest_needs_little_memory(project: Project, tmp_path: Path) -> None:
    done = narrow(tmp_path, "plan")
    assert done.returncode == 0, done.stderr
    assert "  + a.png" in done.stdout


def test_too_little_memory(project: Project, tmp_path: Path) -> None:
    with open(tmp_path / "rbsync.yaml", "ab") as file:
        file.truncate(200 << 20)
    done = narrow(tmp_path, "plan")
    assert done.returncode == ExitCode.ERROR
    assert done.stderr.startswith("error: there is too little memory")
    assert "Traceback" not in done.stderr


def test_too_few_threads(project: Project, tmp_path: Path) -> None:
    for number in range(2 * MANY):
        project.write(f"{number}.png", png(number))

    def limit() -> None:
        # A thread's stack is of this size, and there are no addresses for it.
        resource.setrlimit(resource.RLIMIT_STACK, (GIB, GIB))
        resource.setrlimit(resource.RLIMIT_AS, (GIB, GIB))

    command = [sys.executable, "-m", "rbsync", "plan"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, preexec_fn=limit
    )
    assert done.returncode == ExitCode.ERROR
    assert done.stderr.startswith("error: the system lets this user start no more threads")
    assert "Traceback" not in done.stderr
