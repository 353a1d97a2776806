"""Clones without a state, saved plans and states of yesterday, with every kind of labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from rbsync.errors import ExitCode
from tests.masks.pictures import painted, png
from tests.scenarios.offline_service import RemoteProject
from tests.scenarios.pictures import CLASSES, ONE, index_of, photo
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_masks import GLOB
from tests.scenarios.test_segmentations import HEAD, STUDY, scan, segmentation, volume
from tests.service.serving import serving
from tests.sync.test_first_look import NO_CHANGES, clone

MORE = index_of("ccc.", "cc.b", "..bb")
BUS = {**BOX, "category": [["object", "bus"]]}


def objects(project: Project, version: int) -> None:
    """Pictures with boxes."""
    for number, name in enumerate("abc"):
        project.write(f"images/{name}.png", photo(number))
    project.write("labels/a.json", [BOX, BUS][:version])
    project.manifest(
        "project: {type: IMAGE_BBOX, taxonomy: [car, bus]}\n"
        "datapoints:\n  - {glob: images/*.png, labels: 'labels/{stem}.json?', priority: 0.5}\n"
    )


def masks(project: Project, version: int) -> None:
    """Pictures with masks."""
    project.write("class_map.json", {name: list(colour) for name, colour in CLASSES.items()})
    for number, name in enumerate("abc"):
        project.write(f"images/{name}.png", photo(number))
        drawn = MORE if name == "a" and version == 2 else ONE
        project.write(f"masks/{name}.png", png(painted(drawn, CLASSES)))
    project.manifest(GLOB)


def series(project: Project, version: int) -> None:
    """A study with a segmentation."""
    project.write("ct/scan.nii.gz", scan())
    tumours = [(5, 5, 3)] if version == 2 else []
    project.write("ct/seg.nii.gz", volume(segmentation(*tumours)))
    project.manifest(HEAD + STUDY)


Write = Callable[[Project, int], None]
TYPES: dict[Write, str] = {
    objects: "IMAGE_BBOX",
    masks: "IMAGE_SEGMENTATION",
    series: "DICOM_SEGMENTATION",
}


@pytest.fixture(params=TYPES, ids=lambda one: one.__name__)
def write(request: pytest.FixtureRequest) -> Write:
    chosen: Write = request.param
    return chosen


@pytest.fixture(params=["local", "rewriting"])
def first(request: pytest.FixtureRequest, tmp_path: Path, write: Write) -> Iterator[Project]:
    """A clone that has applied the first version."""
    with ExitStack() as stack:
        made = Project(tmp_path / "first")
        if request.param != "local":
            served = serving(tmp_path / "service", type=TYPES[write], rewrites=True)
            made = RemoteProject(tmp_path / "first", stack.enter_context(served).url)
        write(made, 1)
        assert made.apply().code == ExitCode.DONE
        yield made


def test_other_clones_go_on_from_what_the_project_has(first: Project, write: Write) -> None:
    second = clone(first)
    assert second.run("plan").last_line == NO_CHANGES
    write(second, 2)
    ran = second.run("plan", "-o", "plan.json")
    assert ran.code == ExitCode.DONE, ran
    third = clone(second, "third")
    ran = third.run("apply", "plan.json")
    assert (ran.code, ran.last_line.partition(",")[2]) == (
        ExitCode.DONE,
        " 1 updated, 0 deleted, 0 failed.",
    )
    assert third.run("plan").last_line == NO_CHANGES
    write(first, 2)
    if not isinstance(first, RemoteProject):
        return
    # What another clone did already is taken over.
    assert first.run("plan").last_line == NO_CHANGES
    assert first.apply().last_line == NO_CHANGES
    assert clone(first, "fourth").run("plan").last_line == NO_CHANGES


def test_a_state_of_yesterday_is_noticed_before_anything_is_sent(
    first: Project, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = first.folder / ".rbsync/state.db"
    yesterday = state.read_bytes()
    write(first, 2)
    assert first.apply().code == ExitCode.DONE
    tasks = first.tasks()
    state.write_bytes(yesterday)
    write(first, 1)
    for known in (True, False):
        if not known:
            # On another machine only the stamps tell, of what is looked at.
            write(first, 2)
            monkeypatch.setenv("XDG_STATE_HOME", str(first.folder / "elsewhere"))
        for command in (("plan",), ("apply", "--yes")):
            ran = first.run(*command)
            assert ran.code == ExitCode.STATE, ran
            assert "rbsync refresh" in ran.err
            assert first.tasks() == tasks
    assert first.run("refresh").code == ExitCode.DONE
    assert first.run("plan").last_line == NO_CHANGES
