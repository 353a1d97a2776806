"""A watch that is killed again and again, and one that is asked again and again.

At the size of real life: ``RBSYNC_WATCH=full pytest -n0 -s tests/scenarios/test_watch_kills.py``.
"""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.scenarios.forking import fork
from tests.scenarios.pictures import png
from tests.scenarios.project import Project
from tests.scenarios.watching import FULL, MANIFEST, Running, watching

KILLS = 100 if FULL else 2
ROUNDS = 1000 if FULL else 4
SETTLED = ("--settle", "0.05")
pytestmark = pytest.mark.timeout(0 if FULL else 120)


def change(images: Path, luck: random.Random, number: int) -> None:
    """One change of the kinds that people make: new, other content, gone, renamed, moved."""
    files = sorted(images.rglob("*.png"))
    kind = luck.choice(["new", "new", "new", "other", "gone", "renamed", "folder"])
    if kind == "new" or len(files) < 5:
        place = images / str(luck.randrange(6)) / f"{number}.png"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(png(number))
        return
    file = luck.choice(files)
    if kind == "other":
        file.write_bytes(png(1_000_000 + number))
    elif kind == "gone":
        file.unlink()
    elif kind == "renamed":
        file.rename(file.with_name(f"r{number}.png"))
    else:
        file.parent.rename(images / f"moved{number}")


def settled(project: Project) -> bool:
    """Tells whether the project holds what the folder does, each once."""
    found = (project.folder / "images").rglob("*.png")
    paths = {str(one.relative_to(project.folder)) for one in found}
    names = project.names()
    return sorted(names) == sorted(paths) and project.actions("--prune") == []


def test_a_watch_that_is_killed_again_and_again_ends_as_the_folder_is(tmp_path: Path) -> None:
    project = Project(tmp_path / "data")
    project.manifest(f"policy: {{max_delete: 100%}}\n{MANIFEST}")
    images = project.folder / "images"
    for number in range(10):
        project.write(f"images/{number % 3}/{number}.png", png(number))
    luck = random.Random(11)
    number = 10
    arguments = ("watch", "-q", *SETTLED, "--prune", "--grace", "0")
    for _ in range(KILLS):
        with open(os.devnull, "w") as nothing:
            process = fork(arguments, cwd=project.folder, stdout=nothing, stderr=nothing)
        end = time.monotonic() + luck.uniform(0.05, 1.2)
        while time.monotonic() < end:
            change(images, luck, number)
            number += 1
            time.sleep(luck.uniform(0.0, 0.1))
        process.kill()
        assert process.wait() == -signal.SIGKILL
    with watching(project, *SETTLED, "--prune", "--grace", "0") as running:
        assert running.flush("--timeout", "60") == 0
        assert settled(project)
    print(f"{KILLS} kills amid {number:,} changes: {len(project.names())} tasks, as the folder is")


def test_a_flush_returns_when_what_was_closed_before_is_applied(tmp_path: Path) -> None:
    project = Project(tmp_path / "data")
    project.manifest(MANIFEST)
    project.write("images/first.png", png(1))
    luck = random.Random(5)
    with watching(project, *SETTLED) as running:
        begun = time.monotonic()
        wrong = [number for number in range(ROUNDS) if not _round(running, luck, number)]
        assert settled(project)
    took = (time.monotonic() - begun) / ROUNDS
    print(f"{ROUNDS:,} rounds of flush, {len(wrong)} wrong, {took:.2f} s each")
    assert wrong == []


def _round(running: Running, luck: random.Random, number: int) -> bool:
    """Writes files, asks, and tells whether all of them are at the project when that returns."""
    written = [f"images/{luck.randrange(9)}/{number}.{n}.png" for n in range(luck.randrange(1, 4))]
    for n, name in enumerate(written):
        running.project.write(name, png(4 * number + n))
    time.sleep(luck.choice([0.0, 0.0, 0.02, 0.1]))
    return running.flush() == 0 and {("create", one) for one in written} <= set(running.counted())
