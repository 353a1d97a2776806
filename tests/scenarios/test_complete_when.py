"""Datapoints of several files, and the signs that all of them are there."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.dicoms import dicom
from tests.scenarios.pictures import png
from tests.scenarios.project import Project

WATCH = ("watch", "--once", "--settle", "0", "--timeout", "0")
RELATED = (0x0020, 0x1209)


@pytest.fixture
def videos(tmp_path: Path) -> Callable[[str], Project]:
    """A project of one video, whose frames are `videos/a/0.png` and `1.png`."""

    def made(complete_when: str) -> Project:
        project = Project(tmp_path / "data")
        project.manifest(
            f"project: {{type: VIDEO_BBOX}}\ndatapoints:\n  - frames: videos/*/\n{complete_when}"
        )
        for number in range(2):
            aged(project.write(f"videos/a/{number}.png", png(number)), 100 - number)
        return project

    return made


def aged(file: Path, seconds: float) -> Path:
    """The file, as if it had been written so long ago."""
    then = file.stat().st_ctime - seconds
    os.utime(file, (then, then))
    return file


def reasons(project: Project) -> list[str]:
    """What stands in the way of the plan."""
    document: dict[str, Any] = project.run("plan", "--json", "--keep-going").json
    return [one["message"] for one in document["actions"] if one["action"] == "blocked"]


@pytest.mark.parametrize("marker", [".done", "../{folder}.done", "{stem}.ok"])
def test_a_video_waits_for_its_marker(videos: Callable[[str], Project], marker: str) -> None:
    project = videos(f'    complete_when: {{marker: "{marker}"}}\n')
    (reason,) = reasons(project)
    assert "is not there yet" in reason
    path = {".done": "videos/a/.done", "{stem}.ok": "videos/a/0.ok"}.get(marker, "videos/a.done")
    project.write(path, "")
    assert project.actions() == ["create videos/a"]


def test_of_what_waits_nothing_is_told_but_that(tmp_path: Path) -> None:
    project = Project(tmp_path / "data")
    source = '{glob: "images/*.png", complete_when: {marker: "{stem}.ok"}}'
    project.manifest(f"project: {{type: IMAGE_BBOX}}\ndatapoints:\n  - {source}\n")
    project.write("images/a.png", b"no picture")
    refused = project.run("plan").err
    assert "is not there yet" in refused
    assert "cannot be read" not in refused
    project.write("images/a.ok", "")
    assert "a.png: the file is" in project.run("plan").err
    (project.folder / "images/a.ok").unlink()
    # By now its file was read, and is known to be no picture.
    assert project.run("plan").err == refused


def test_a_marker_that_is_older_than_a_file_does_not_count(
    videos: Callable[[str], Project],
) -> None:
    project = videos("    complete_when: {marker: .done}\n")
    aged(project.write("videos/a/.done", ""), 99.5)
    (reason,) = reasons(project)
    assert "is older than `videos/a/1.png`" in reason


def test_files_that_were_copied_after_their_marker_are_waited_for(
    videos: Callable[[str], Project],
) -> None:
    project = videos("    complete_when: {marker: .done}\n")
    aged(project.write("videos/a/.done", ""), 10)
    aged(project.write("videos/a/2.png", png(2)), 50)
    ran = project.run(*WATCH)
    assert (ran.code, ran.out) == (3, "")
    assert "is to be quiet for 30 s" in ran.err


def test_a_video_waits_for_the_number_of_its_frames(videos: Callable[[str], Project]) -> None:
    project = videos("    complete_when: {count: 3}\n")
    assert reasons(project) == ["rbsync.yaml:4:5: 2 of its 3 files are there"]
    project.write("videos/a/2.png", png(2))
    assert project.actions() == ["create videos/a"]


@pytest.mark.parametrize("form", ["{name}\n", "{sum}  {name}\n", "{sum} *./{name}\r\n"])
def test_a_video_waits_for_the_files_of_a_list(videos: Callable[[str], Project], form: str) -> None:
    project = videos("    complete_when: {listed_in: SUMS}\n")
    (reason,) = reasons(project)
    assert "cannot be read" in reason
    names = ["0.png", "1.png", "2.png"]
    project.write("videos/a/SUMS", "".join(form.format(name=one, sum="0" * 64) for one in names))
    (reason,) = reasons(project)
    assert reason.endswith("`2.png` of `videos/a/SUMS` is not there yet")
    project.write("videos/a/2.png", png(2))
    assert project.actions() == ["create videos/a"]


def test_a_list_names_files_as_sha256sum_escapes_them(videos: Callable[[str], Project]) -> None:
    project = videos("    complete_when: {listed_in: SUMS}\n")
    for name in ("a\\b.png", "line\nbreak.png", "next\x85line.png"):
        project.write(f"videos/a/{name}", png(7))
    sums = subprocess.run(
        ["sha256sum", *sorted(os.listdir(project.folder / "videos/a"))],
        cwd=project.folder / "videos/a",
        capture_output=True,
        check=True,
    )
    assert b"\\" in sums.stdout
    project.write("videos/a/SUMS", sums.stdout)
    assert not any("not there yet" in one for one in reasons(project))


def test_the_defaults_say_it_for_all_sources(tmp_path: Path) -> None:
    project = Project(tmp_path / "data")
    project.manifest(
        "defaults: {complete_when: {marker: '{file}.ok'}}\nproject: {type: IMAGE_BBOX}\n"
        "datapoints: [{glob: '*.png'}]\n"
    )
    project.write("a.png", png(1))
    project.write("b.png", png(2))
    project.write("b.png.ok", "")
    assert project.actions("--keep-going") == ["create b.png", "blocked a.png"]


def test_a_watch_tells_what_a_datapoint_waits_for(videos: Callable[[str], Project]) -> None:
    project = videos("    complete_when: {count: 3}\n")
    ran = project.run(*WATCH)
    assert (ran.code, ran.out) == (3, "")
    assert "2 of its 3 files are there" in ran.err
    project.write("videos/a/2.png", png(2))
    # What is declared is believed at once, without the quiet time of a folder.
    assert project.run(*WATCH[:-2]).out == "created videos/a\n"


def test_a_video_of_one_frame_may_get_more(videos: Callable[[str], Project]) -> None:
    project = videos("")
    (project.folder / "videos/a/1.png").unlink()
    ran = project.run(*WATCH)
    assert (ran.code, ran.out) == (3, "")
    assert project.run(*WATCH[:-2], "--settle-group", "0").out == "created videos/a\n"


def test_a_series_waits_for_as_many_files_as_its_headers_speak_of(tmp_path: Path) -> None:
    project = Project(tmp_path / "data")
    project.manifest(
        "project: {type: DICOM_SEGMENTATION}\n"
        "datapoints:\n  - name: study\n    series: [{items: 'ct/*.dcm'}]\n"
    )
    for number in range(2):
        project.write(f"ct/{number}.dcm", dicom(number, more={RELATED: (b"IS", "3")}))
    ran = project.run(*WATCH, "--settle-group", "0")
    assert (ran.code, ran.out) == (3, "")
    assert "2 of the 3 files are there that its headers speak of" in ran.err
    assert "complete_when: {count: 2}" in ran.err
    project.write("ct/2.dcm", dicom(2, more={RELATED: (b"IS", "3")}))
    assert project.run(*WATCH[:-2]).out == "created study\n"


def test_a_file_that_is_never_closed_is_sent_where_that_is_wanted(tmp_path: Path) -> None:
    project = Project(tmp_path / "data")
    project.manifest(
        "project: {type: IMAGE_BBOX}\n"
        "datapoints: [{glob: '*.png', complete_when: {writer: ignore}}]\n"
    )
    project.write("a.png", png(1))
    with open(project.folder / "a.png", "ab"):
        assert project.run(*WATCH[:-2]).out == "created a.png\n"


@pytest.mark.parametrize(
    ("given", "hint"),
    [("{}", "marker"), ("{marker: 'x{y}'}", "{folder}"), ("{marker: a/}", "{folder}")],
)
def test_a_sign_that_says_nothing_is_refused(
    videos: Callable[[str], Project], given: str, hint: str
) -> None:
    ran = videos(f"    complete_when: {given}\n").run("validate")
    assert ran.code != 0
    assert hint in ran.err
