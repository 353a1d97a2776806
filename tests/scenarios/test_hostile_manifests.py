"""Manifests made to hurt, given to the whole program: refused fast and in little memory."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.scenarios.project import Project

SECONDS = 3.0
"""A generous bound on what takes a few tenths, for a machine that does other things too."""

MIB = 200


def alias_bomb() -> str:
    lines = ["version: 1", "a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    return "\n".join([*lines, "datapoints: *a8"])


def merge_bomb() -> str:
    lines = ["version: 1", "a0: &a0 {k: v}"]
    for n in range(1, 10):
        aliases = ", ".join([f"*a{n - 1}"] * 9)
        lines.append(f"a{n}: &a{n} {{<<: [{aliases}], k{n}: v}}")
    return "\n".join([*lines, "datapoints: [{<<: *a9}]"])


def deep_nesting() -> str:
    return "version: 1\ndatapoints: " + "[" * 1_000_000


@pytest.mark.parametrize("make", [alias_bomb, merge_bomb, deep_nesting])
def test_a_bomb_is_refused_with_its_line(project: Project, make: Callable[[], str]) -> None:
    project.write("rbsync.yaml", make())
    code, err, seconds, mib = measured(project.folder)
    assert code == 65, err
    assert "limit" in err
    assert err.startswith("rbsync.yaml:")
    assert int(err.split(":")[1]) > 1
    assert seconds < SECONDS
    assert mib < MIB


def test_a_gibibyte_is_refused_unread(project: Project) -> None:
    with open(project.folder / "rbsync.yaml", "wb") as file:
        os.truncate(file.fileno(), 1 << 30)
    code, err, seconds, mib = measured(project.folder)
    assert code == 65
    assert "the file has 1,024 MiB; the limit is 256 MiB" in err
    assert seconds < SECONDS
    assert mib < MIB


@pytest.mark.parametrize(
    "name", ["0123", "NO", "12:30:45", "1e3", "2024-01-01", "null-ish", "1.10"]
)
def test_names_stay_as_they_are_written(project: Project, name: str) -> None:
    project.manifest(
        f"datapoints:\n  - {{name: {name}, storage: public, items: ['https://x.example/a.png']}}\n"
    )
    assert project.apply().code == 0
    assert project.names() == [name]


def measured(folder: Path) -> tuple[int, str, float, float]:
    """Exit code, standard error, seconds and peak MiB of a plan."""
    script = (
        "import resource, subprocess, sys;"
        "done = subprocess.run(sys.argv[1:], stderr=subprocess.PIPE, text=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss);"
        "sys.stderr.write(done.stderr); sys.exit(done.returncode)"
    )
    command = [sys.executable, "-c", script, sys.executable, "-m", "rbsync", "plan"]
    # Seconds of the processor: those of a clock say how much else the machine has to do.
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.returncode, done.stderr, seconds, int(done.stdout.split()[-1]) / 1024
