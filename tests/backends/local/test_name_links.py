"""The folder that shows the stored files of a project under the names of their datapoints."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbsync.backends.local.name_links import FOLDER, LONGEST, STALE, Items, NameLinks, link_paths
from tests.scenarios.pictures import photo
from tests.scenarios.project import Project

REF = "blobs/xxh3/ab/" + "ab" * 16
PARTS = st.sampled_from(
    ["a", "b", "a.png", ".", "..", "", "a.items", "x" * 300, "ü%", "a:b", "A\n"]
)
NAMES = st.lists(st.lists(PARTS, min_size=1, max_size=3).map("/".join), unique=True, max_size=20)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.manifest(
        "datapoints:\n  - {glob: 'images/**/*.png'}\n"
        "  - {name: clip, items: [frames/1.png, frames/2.png]}\n"
        "policy: {prune: true, max_delete: 1}\n"
    )
    for number in (1, 2):
        made.write(f"frames/{number}.png", photo(number))
    made.write("images/a.png", photo(3))
    made.write("images/deep/er/b.png", photo(4))
    assert made.apply().code == 0
    return made


def shown(project: Project) -> dict[str, bytes]:
    """What a file manager finds below the folder, by path, and what it opens."""
    root = project.folder / ".rbsync/project" / FOLDER
    found = [one for one in root.rglob("*") if one.is_symlink() or not one.is_dir()]
    assert all(not os.path.isabs(os.readlink(one)) for one in found)
    return {str(one.relative_to(root)): one.read_bytes() for one in found}


def test_every_file_is_opened_by_the_name_of_its_datapoint(project: Project) -> None:
    assert shown(project) == {
        "clip.items/0001-1.png": photo(1),
        "clip.items/0002-2.png": photo(2),
        "images/a.png": photo(3),
        "images/deep/er/b.png": photo(4),
    }


def test_what_changes_moves_and_goes_is_followed(project: Project) -> None:
    project.write("images/a.png", photo(5))
    (project.folder / "images/deep/er/b.png").rename(project.folder / "images/c.png")
    (project.folder / "frames/2.png").unlink()
    project.manifest(
        (project.folder / "rbsync.yaml").read_text().split("\n", 1)[1].replace(", frames/2.png", "")
    )
    assert project.apply().code == 0
    found = shown(project)
    assert found == {
        "clip.items/0001-1.png": photo(1),
        "images/a.png": photo(5),
        "images/c.png": photo(4),
    }
    assert not (project.folder / ".rbsync/project" / FOLDER / "images/deep").exists()


def test_after_a_crash_or_in_an_old_project_all_of_them_are_made_anew(project: Project) -> None:
    root = project.folder / ".rbsync/project" / FOLDER
    (root / "images/a.png").unlink()
    (root / "gone.png").symlink_to("nowhere")
    (root / STALE).touch()
    project.write("images/d.png", photo(6))
    assert project.apply().code == 0
    assert len(shown(project)) == 5


def test_changes_at_one_time_are_not_taken_for_those_of_a_run_that_was_killed(
    tmp_path: Path,
) -> None:
    """To make a million links anew takes a minute; some of ten thousand updates had that cost."""
    (tmp_path / FOLDER).mkdir()
    asked: list[str] = []

    def find(names: Iterable[str]) -> dict[str, Items]:
        asked.extend(names)
        return {}

    def every() -> Iterable[tuple[str, Items]]:
        raise AssertionError("all links are made anew")

    names = [f"{number}.png" for number in range(8)]
    for _ in range(100):
        links, together = NameLinks(str(tmp_path)), threading.Barrier(len(names))

        def change(name: str, links: NameLinks = links, together: Any = together) -> None:
            together.wait()
            links.change([name])

        threads = [threading.Thread(target=change, args=(name,)) for name in names]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        asked.clear()
        links.write(find, every)
        assert asked == names


def test_a_folder_that_cannot_be_written_fails_nothing(project: Project) -> None:
    root = project.folder / ".rbsync/project" / FOLDER
    os.rename(root, root.with_name("other"))
    root.write_text("a file of somebody")
    project.write("images/d.png", photo(6))
    assert project.apply().code == 0
    assert "images/d.png" in project.names()


@given(NAMES)
def test_all_names_have_room_beside_each_other(names: list[str]) -> None:
    files: set[str] = set()
    for name in names:
        paths = [path for path, _ in link_paths(name, ((name, REF),))]
        assert len(paths) == 1
        assert all(0 < len(os.fsencode(part)) <= LONGEST for part in paths[0].split("/"))
        assert not {"", ".", ".."} & set(paths[0].split("/"))
        files.update(paths)
    folders = {path[:at] for path in files for at, one in enumerate(path) if one == "/"}
    assert len(files) == len(names)
    assert not files & folders
