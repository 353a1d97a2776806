"""What files may cost is not for a stranger to say, and no file without an end is read."""

from __future__ import annotations

import os
import re
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from rbsync.dataset import declared_parts, expanding
from rbsync.errors import ExitCode, UsageError
from rbsync.labels import limits
from rbsync.manifest.load import load_manifest
from rbsync.masks.error import MaskError
from rbsync.masks.nifti.file import write_nifti
from rbsync.masks.png.decoding import MAX_PIXELS
from rbsync.masks.volumes.segmentation import check_segmentation
from rbsync.sources import context
from rbsync.trust import Trust, read_trust
from tests.hints.following import follows
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.trust.commands import arguments_of, commands

MASKED = "version: 1\nmasks:\n  - {glob: m/*.png, image: '{stem}.png', class_map: c.json, "


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "data")


def limit_of(folder: Path, number: int, trust: Trust) -> tuple[list[str], int | None]:
    path = folder / "rbsync.yaml"
    path.write_text(MASKED + f"max_pixels: {number}}}\n")
    manifest = load_manifest(path, {}, trust=trust, strict=False)
    (source,) = manifest.masks
    return [one.code for one in manifest.problems], getattr(source.source, "max_pixels", None)


def test_a_manifest_may_lower_the_limit_of_pixels_and_not_raise_it(tmp_path: Path) -> None:
    assert limit_of(tmp_path, MAX_PIXELS, Trust()) == ([], MAX_PIXELS)
    assert limit_of(tmp_path, MAX_PIXELS + 1, Trust()) == (["max-pixels"], None)
    allowed = Trust(max_pixels=MAX_PIXELS + 1)
    assert limit_of(tmp_path, MAX_PIXELS + 1, allowed) == ([], MAX_PIXELS + 1)


def test_the_environment_raises_it() -> None:
    assert read_trust({"RBSYNC_MAX_PIXELS": "268435456"}).max_pixels == 268_435_456
    for wrong in ("-1", "many", "1e9", "9" * 30):
        with pytest.raises(UsageError, match="RBSYNC_MAX_PIXELS"):
            read_trust({"RBSYNC_MAX_PIXELS": wrong})


@pytest.mark.parametrize(
    ("value", "least", "why"),
    [
        (1, 1_176, "unpacks to more than 2,350 bytes"),
        (300, 3_000, "1,000 voxels with values above 255, more than the limit of 999"),
    ],
)
def test_a_label_map_takes_no_more_memory_than_is_allowed(value: int, least: int, why: str) -> None:
    voxels = np.full((10, 10, 10), value, np.uint16)
    data = write_nifti(voxels, np.eye(4, dtype=np.float32)[:3])
    assert check_segmentation(data, {value: "a"}, None, least).voxels is not None
    with pytest.raises(MaskError, match=why):
        check_segmentation(data, {value: "a"}, None, least - 1)


@pytest.mark.parametrize("path", ["pipe", "device"])
def test_a_plan_file_that_has_no_end_is_refused(project: Project, path: str) -> None:
    project.write("a.png", png(1))
    project.manifest("datapoints: [{glob: a.png}]\n")
    os.mkfifo(project.folder / "pipe")
    (project.folder / "device").symlink_to("/dev/zero")
    ran = project.run("apply", path)
    assert (ran.code, "it is not a regular file" in ran.err) == (ExitCode.INVALID, True), ran


SPECIAL = (
    "datapoints:\n"
    "  - glob: images/*.png\n"
    "  - {name: a, items: [pipe.png], labels: pipe.json}\n"
    "  - {name: b, items: [a.png], labels: device.json}\n"
    "  - items_list: pipe.csv\n"
    "  - items_list: device.jsonl\n"
    "masks:\n"
    "  - {glob: masks/*.png, image: 'images/{stem}.png', class_map: pipe.json}\n"
    "  - {coco: pipe.json, images: images}\n"
)


@pytest.mark.parametrize("words", commands())
def test_no_command_waits_for_a_pipe_or_reads_a_device(project: Project, words: str) -> None:
    project.write("a.png", png(1))
    for folder in ("images", "masks"):
        project.write(f"{folder}/a.png", png(1))
        os.mkfifo(project.folder / folder / "b.png")
    for name in ("pipe.png", "pipe.json", "pipe.csv", "rbsync.lock"):
        os.mkfifo(project.folder / name)
    for name in ("device.json", "device.jsonl"):
        (project.folder / name).symlink_to("/dev/zero")
    project.manifest("project: {type: IMAGE_SEGMENTATION, taxonomy: [car]}\n" + SPECIAL)
    ran = project.run(*arguments_of(words))
    assert "Traceback" not in ran.err, ran.err


@pytest.mark.parametrize("words", ["plan", "status", "lock", "verify", "ls", "watch --once"])
def test_a_manifest_that_is_a_pipe_is_not_waited_for(project: Project, words: str) -> None:
    os.mkfifo(project.folder / "rbsync.yaml")
    ran = project.run(*words.split())
    assert (ran.code, "it is not a regular file" in ran.err) == (ExitCode.INVALID, True), ran


def refusal(project: Project, manifest: str) -> str:
    """What a plan of a manifest that is not allowed says."""
    project.write("images/a.png", png(1))
    project.manifest(manifest)
    ran = project.run("plan")
    assert (ran.code, "Traceback" in ran.err) == (ExitCode.INVALID, False), ran
    return ran.err


def test_more_searches_than_anybody_writes_are_refused_with_the_line(project: Project) -> None:
    long = "a" * 900
    sources = "".join(f"  - glob: 'images/{long}{at}.png'\n" for at in range(200))
    said = refusal(project, "datapoints:\n" + sources)
    assert "rbsync.yaml:3:3: too much is searched for: `datapoints` is read up to its" in said
    more = f"items: [images/a.png], metadata: {{x: {long}}}"
    named = "".join(f"  - {{name: '{at}', {more}}}\n" for at in range(200))
    project.manifest("datapoints:\n" + named)
    assert project.run("expand").code == ExitCode.DONE


def test_more_pairs_of_names_than_anybody_writes_are_refused(project: Project) -> None:
    pairs = "".join(f"  - {{from: 'a/{{x}}{at}', to: 'b/{{x}}{at}'}}\n" for at in range(501))
    said = refusal(project, "datapoints: [{glob: images/*.png}]\nmoved:\n" + pairs)
    assert "501 pairs; 500 are allowed" in said


def test_links_without_end_are_told_wherever_they_stand(project: Project) -> None:
    for at in range(1_500):
        (project.folder / f"l{at}").symlink_to(f"l{at + 1}")
    (project.folder / "round").symlink_to("round")
    told = "Too many levels of symbolic links"
    named = "{items: [round]}, {glob: 'l1/*.png'}, {items: [images/a.png], labels: l2}"
    assert refusal(project, f"roots: [l0]\ndatapoints: [{named}]\n").count(told) >= 3
    (project.folder / "rbsync.yaml").unlink()
    (project.folder / "rbsync.yaml").symlink_to("l0")
    assert told in project.run("plan").err


def test_a_list_that_thousands_wait_for_is_read_once(project: Project) -> None:
    for at in range(300):
        project.write(f"images/{at}.png", png(1))
    project.write("images/SUMS", "".join(f"{at}.png\n" for at in range(300)) + "late.png\n")
    project.manifest("datapoints: [{glob: images/*.png, complete_when: {listed_in: SUMS}}]\n")
    with mock.patch.object(declared_parts, "_listed", wraps=declared_parts._listed) as listed:
        ran = project.run("plan")
    assert (ran.code, listed.call_count) == (ExitCode.INVALID, 1)
    assert "`late.png` of `images/SUMS` is not there yet" in ran.err


def test_sources_that_each_look_through_all_files_are_as_many_as_suit_the_files(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "MOST_SEARCHED", 100)
    monkeypatch.setattr(context, "SOURCES_OF_ALL", 3)
    sources = [f"  - {{glob: 'images/*a{at}.png', allow_empty: true}}\n" for at in range(9)]
    folders = [f"  - {{glob: '{at}/*.png'}}\n" for at in range(9)]
    for at in range(9):
        project.write(f"{at}/a.png", png(at))
    for at in range(200):
        project.write(f"images/{at}.png", b"")
    project.manifest("datapoints:\n" + "".join(folders + sources[:3]))
    assert project.run("plan").code == 0
    project.manifest("datapoints:\n" + "".join(folders + sources))
    ran = project.run("plan")
    assert ran.code == ExitCode.INVALID
    assert "rbsync.yaml:16:12: too much is searched for" in ran.err


POLYGON = {
    "category": [["object", "car"]],
    "attributes": [],
    "polygon": [{"xnorm": at / 9, "ynorm": (at * at % 7) / 9} for at in range(8)],
}


@follows("if it is meant to be that large, say so outside of the manifest: RBSYNC_MAX_LABELS=")
@pytest.mark.parametrize(
    ("labels", "said"),
    [([BOX, BOX], "a.json:1:"), ([POLYGON], "a.json:1:1: the file has more than 30 commas")],
)
def test_a_label_file_of_more_than_is_read_is_told_and_read_once_its_size_is_meant(
    project: Project, monkeypatch: pytest.MonkeyPatch, labels: list[object], said: str
) -> None:
    monkeypatch.setattr(expanding, "MOST_LABELS", 1)
    monkeypatch.setattr(limits, "MARKS_EACH", 30)
    project.write("a.png", png(1))
    project.manifest(
        "project: {type: IMAGE_MULTI, taxonomy: [car]}\n"
        "datapoints: [{name: a, items: [a.png], labels: a.json}]\n"
    )
    project.write("a.json", [BOX])
    assert project.run("plan").code == 0
    project.write("a.json", labels)
    ran = project.run("plan")
    assert ran.code == ExitCode.INVALID
    assert said in ran.err
    (number,) = re.findall(r"RBSYNC_MAX_LABELS=(\d+)", ran.err)
    assert project.run("plan", RBSYNC_MAX_LABELS=number).code == 0
