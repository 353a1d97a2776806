"""Real pictures, many of them, in the kind of tree that people have."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from rbsync.backends.local import LocalBackend
from tests.real_images import build_tree
from tests.scenarios.project import Project

COUNT = 2000


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, list[Path]]:
    """A project of real pictures in nested folders with odd names, applied once."""
    project = Project(tmp_path_factory.mktemp("real") / "data")
    files = build_tree(project.folder / "scans and photos", COUNT)
    project.manifest('datapoints:\n  - glob: "**/*.{png,jpg,jpeg,bmp}"\n')
    done = project.apply()
    assert done.code == 0, done.err
    return project, files


def test_all_are_created_under_their_paths(applied: tuple[Project, list[Path]]) -> None:
    project, files = applied
    expected = sorted(file.relative_to(project.folder).as_posix() for file in files)
    assert project.names() == expected
    assert len(expected) == COUNT


def test_the_tree_is_of_the_kind_that_is_meant(applied: tuple[Project, list[Path]]) -> None:
    _, files = applied
    names = [file.name for file in files]
    assert any(" " in str(file) for file in files)
    assert any(not str(file).isascii() for file in files)
    assert any(file.suffix.isupper() for file in files)
    assert len(set(names)) < len(names)


def test_the_stored_bytes_are_those_of_the_files(applied: tuple[Project, list[Path]]) -> None:
    project, files = applied
    backend = LocalBackend(project.folder / ".rbsync/project")
    stored = {}
    for task in backend.list():
        found = backend.stored(task.task_id)
        assert found is not None
        ((_, ref),) = found.items
        with backend.open_item(ref) as file:
            stored[task.name] = hashlib.sha256(file.read()).hexdigest()
    backend.close()
    on_disk = {
        file.relative_to(project.folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
    }
    assert stored == on_disk


def test_names_do_not_depend_on_where_the_tree_is(
    applied: tuple[Project, list[Path]], tmp_path: Path
) -> None:
    project, _ = applied
    moved = Project(tmp_path / "somewhere else")
    shutil.copytree(project.folder, moved.folder, dirs_exist_ok=True)
    assert moved.run("plan").last_line == "No changes. The project matches the manifest."
    assert moved.names() == project.names()
