"""A lock that reads only what has changed is the one of all files (rbsync.sync.lock_memory)."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import rbsync.sync.locking as locking
from rbsync.locks.folder import FOLDER, read_files
from rbsync.locks.layout import digest_of
from rbsync.sync.lock_memory import LockPart, lock_part, recall_lock
from rbsync.sync.locking import verify, write_lock
from rbsync.sync.workspace import Workspace
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.sync.conftest import IN_FOLDERS, MOVED_BOX, Open

pytestmark = pytest.mark.usefixtures("old_files")


@pytest.fixture
def folder(tmp_path: Path) -> Project:
    made = Project(tmp_path / "data")
    made.manifest(IN_FOLDERS)
    for number, name in enumerate(("a/1", "a/2", "b/3", "b/4")):
        made.write(f"images/{name}.png", png(number))
    # One of them shows that the source's template is right, and stays in every test.
    for name in ("0", "1"):
        made.write(f"labels/{name}.json", [BOX])
    made.write("images/a/0.png", png(40))
    return made


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[LockPart | None]:
    """The parts that were looked at instead of the whole."""
    found: list[LockPart | None] = []

    def noted(*given: object) -> LockPart | None:
        found.append(lock_part(*given))  # type: ignore[arg-type]  # passed on as they come
        return found[-1]

    monkeypatch.setattr(locking, "lock_part", noted)
    return found


def locked(opened: Open) -> dict[str, bytes]:
    with opened(sums=True) as workspace:
        made = write_lock(workspace)
        files = read_files(f"{workspace.manifest.root}/{FOLDER}")
    assert files
    assert made.digest == digest_of(files)
    facts = made.datapoints, made.files
    with opened(sums=True) as workspace:
        found = verify(workspace)
    assert not found.difference
    assert (found.digest, found.datapoints, found.files) == (made.digest, *facts)
    return files


def of_all(folder: Project, opened: Open) -> dict[str, bytes]:
    """The lock of somebody who remembers nothing."""
    shutil.rmtree(folder.folder / ".rbsync")
    shutil.rmtree(folder.folder / FOLDER)
    return locked(opened)


def seen(workspace: Workspace) -> list[str] | None:
    memory = recall_lock(workspace)
    return None if memory is None else memory.changed(workspace)


def test_nothing_has_changed_since_a_first_lock(folder: Project, opened: Open) -> None:
    locked(opened)
    with opened(sums=True) as workspace:
        assert seen(workspace) == []


def _remove_labelled(project: Project) -> None:
    for path in ("labels/1.json", "images/a/1.png"):
        (project.folder / path).unlink()


CHANGES: dict[str, Callable[[Project], object]] = {
    "other bytes": lambda one: one.write("images/a/1.png", png(50)),
    "a new file": lambda one: one.write("images/a/9.png", png(51)),
    "a new folder": lambda one: one.write("images/c/9.png", png(52)),
    "a file that is gone": lambda one: (one.folder / "images/a/2.png").unlink(),
    "a folder that is gone": lambda one: shutil.rmtree(one.folder / "images/b"),
    "another name": lambda one: (one.folder / "images/a/2.png").rename(
        one.folder / "images/b/5.png"
    ),
    "other labels": lambda one: one.write("labels/1.json", [MOVED_BOX]),
    "first labels": lambda one: one.write("labels/3.json", [BOX]),
    "no labels": lambda one: (one.folder / "labels/1.json").unlink(),
    "labels and their file": _remove_labelled,
}


@pytest.mark.parametrize("change", CHANGES)
def test_after_a_change_only_that_is_read(
    folder: Project, opened: Open, change: str, parts: list[LockPart | None]
) -> None:
    before = locked(opened)
    CHANGES[change](folder)
    with opened(sums=True) as workspace:
        assert verify(workspace).difference
    found = locked(opened)
    assert found != before
    assert parts
    assert None not in parts
    assert found == of_all(folder, opened)


@pytest.mark.parametrize("seed", range(3))
def test_after_random_changes_the_lock_is_that_of_all(
    folder: Project, opened: Open, seed: int
) -> None:
    chance = random.Random(seed)
    names = ("a/1", "a/2", "b/3", "b/4", "b/A", "ü/7")
    locked(opened)
    for step in range(6):
        for _ in range(chance.randrange(1, 4)):
            name = chance.choice(names)
            path = chance.choice((f"images/{name}.png", f"labels/{name[2:]}.json"))
            file = folder.folder / path
            if file.exists() and chance.random() < 0.4:
                file.unlink()
            elif path.endswith("png"):
                folder.write(path, png(1000 * (seed + 1) + 10 * step + chance.randrange(10)))
            else:
                folder.write(path, [chance.choice((BOX, MOVED_BOX))])
        if not list((folder.folder / "images").rglob("*.png")):
            folder.write("images/a/1.png", png(999))
        found = locked(opened)
        other = Project(folder.folder.parent / f"{seed}-{step}")
        shutil.copytree(
            folder.folder, other.folder, ignore=shutil.ignore_patterns(".rbsync", FOLDER),
            dirs_exist_ok=True,
        )  # fmt: skip
        assert other.run("lock").code == 0
        assert read_files(str(other.folder / FOLDER)) == found


def test_a_lock_that_others_wrote_is_read_as_a_whole(folder: Project, opened: Open) -> None:
    locked(opened)
    sums = folder.folder / FOLDER / "labels.sums"
    sums.write_bytes(b"0" * 64 + sums.read_bytes()[64:])
    with opened(sums=True) as workspace:
        assert recall_lock(workspace) is None
        assert verify(workspace).difference.reencoded == ("labels/0.json",)


def test_a_deep_look_believes_no_memory(folder: Project, opened: Open) -> None:
    locked(opened)
    with opened(sums=True, rehash=True) as workspace:
        assert recall_lock(workspace) is None
