"""What people did at the project comes back into the files that declare it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rbsync.sync.pulling import CHANGED_HERE
from tests.scenarios.offline_service import RemoteProject, Served
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_refresh import OTHER_BOX, relabel
from tests.sync.two_folders import NO_CHANGES, OBJECTS, clone, pulled


@pytest.fixture
def folder(tmp_path: Path) -> Project:
    made = Project(tmp_path / "data")
    for number, name in enumerate("ab"):
        made.write(f"images/{name}.png", png(number))
    made.write("labels/a.json", [BOX])
    made.manifest(OBJECTS)
    assert made.apply().code == 0
    return made


def test_labels_come_back_into_their_file_and_the_plan_is_empty(folder: Project) -> None:
    relabel(folder, "images/a.png", BOX, OTHER_BOX)
    assert pulled(folder)["files"] == ["labels/a.json"]
    assert json.loads((folder.folder / "labels/a.json").read_text()) == [BOX, OTHER_BOX]
    assert folder.run("plan").last_line == NO_CHANGES
    assert pulled(folder)["files"] == []


def test_labels_of_what_had_none_come_into_a_new_file(folder: Project) -> None:
    relabel(folder, "images/b.png", OTHER_BOX)
    assert pulled(folder)["pulled"] == ["images/b.png"]
    assert json.loads((folder.folder / "labels/b.json").read_text()) == [OTHER_BOX]
    assert folder.run("plan").last_line == NO_CHANGES


def test_a_folder_that_is_not_there_is_made_for_them(tmp_path: Path) -> None:
    made = Project(tmp_path / "new")
    made.write("images/a.png", png(1))
    made.write("out/keep.txt", "so that the folder is there")
    made.manifest(OBJECTS.replace("labels/{stem}", "out/of/labels/{stem}"))
    made.apply()
    relabel(made, "images/a.png", BOX)
    assert pulled(made)["files"] == ["out/of/labels/a.json"]


def test_only_the_names_that_are_given_are_pulled(folder: Project) -> None:
    relabel(folder, "images/a.png", OTHER_BOX)
    relabel(folder, "images/b.png", OTHER_BOX)
    assert pulled(folder, "images/b.*")["files"] == ["labels/b.json"]
    assert json.loads((folder.folder / "labels/a.json").read_text()) == [BOX]


def test_what_changed_here_too_is_a_conflict_and_left_alone(folder: Project) -> None:
    relabel(folder, "images/a.png", OTHER_BOX)
    folder.write("labels/a.json", [BOX, BOX])
    ran = folder.run("pull")
    assert ran.code == 3
    assert f"  ! images/a.png  ({CHANGED_HERE})" in ran.err
    assert json.loads((folder.folder / "labels/a.json").read_text()) == [BOX, BOX]
    assert folder.actions() == ["blocked images/a.png"]


def test_others_did_what_was_done_here_is_no_conflict(folder: Project) -> None:
    relabel(folder, "images/a.png", OTHER_BOX)
    folder.write("labels/a.json", [OTHER_BOX])
    assert folder.run("pull").code == 0


def test_labels_that_stand_in_the_manifest_stay_at_the_project(tmp_path: Path) -> None:
    made = Project(tmp_path / "inline")
    made.write("images/a.png", png(1))
    made.manifest(
        f"datapoints:\n  - {{name: a, items: [images/a.png], labels: {json.dumps([BOX])}}}\n"
    )
    made.apply()
    relabel(made, "a", OTHER_BOX)
    ran = made.run("pull")
    assert ran.code == 3
    assert "stays at the project: its labels stand in a list together with others" in ran.err
    # Held: three applies take nothing away.
    for _ in range(3):
        assert made.apply().last_line == NO_CHANGES
    assert made.tasks()[0]["labels"] == 1
    exported = made.run("export", "labels", "all.json")
    assert exported.code == 0
    assert json.loads((made.folder / "all.json").read_text())[0]["labels"] == [OTHER_BOX]


def test_a_label_file_behind_a_link_out_of_the_folder_is_not_written(
    folder: Project, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder.folder / "linked").symlink_to(outside)
    folder.manifest(OBJECTS.replace("labels/{stem}", "linked/{stem}"))
    (folder.folder / "labels/a.json").unlink()
    folder.run("pull")
    assert list(outside.iterdir()) == []


def test_labels_that_stayed_theirs_come_into_the_file(folder: Project) -> None:
    relabel(folder, "images/a.png", OTHER_BOX)
    folder.write("labels/a.json", [BOX, BOX])
    assert folder.apply("--theirs", "images/a.png").code == 0
    assert pulled(folder)["files"] == ["labels/a.json"]
    assert json.loads((folder.folder / "labels/a.json").read_text()) == [OTHER_BOX]
    assert folder.run("plan").last_line == NO_CHANGES
    assert pulled(folder)["files"] == []


def test_labels_that_were_taken_back_come_into_the_file(folder: Project) -> None:
    folder.write("labels/a.json", [BOX, BOX])
    assert folder.apply().code == 0
    assert folder.run("undo", "--yes").code == 0
    assert pulled(folder)["files"] == ["labels/a.json"]
    assert json.loads((folder.folder / "labels/a.json").read_text()) == [BOX]
    assert folder.run("plan").last_line == NO_CHANGES


def test_a_fresh_clone_pulls_what_people_changed(service: Served, tmp_path: Path) -> None:
    first = RemoteProject(tmp_path / "first", service.url)
    for number, name in enumerate("ab"):
        first.write(f"images/{name}.png", png(number))
    first.write("labels/a.json", [BOX])
    first.manifest(OBJECTS)
    assert first.apply().code == 0
    service.relabel("images/a.png", OTHER_BOX)
    job = clone(first, "job")
    assert pulled(job)["files"] == ["labels/a.json"]
    assert json.loads((job.folder / "labels/a.json").read_text()) == [OTHER_BOX]
    assert job.run("plan").last_line.startswith("No changes.")
