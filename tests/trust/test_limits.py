"""What files may cost is not for a stranger to say, and no file without an end is read."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from PIL import Image

from rbsync.dataset import declared_parts, declared_taxonomy, expanding, label_reading
from rbsync.errors import ExitCode, UsageError
from rbsync.files import pattern_syntax, patterns, roots
from rbsync.labels import amounts, problem
from rbsync.labels.amounts import USUAL
from rbsync.manifest import manifest_model, order, validation
from rbsync.manifest.limits import LIMITS
from rbsync.manifest.load import load_manifest
from rbsync.masks.coco.annotations import _PICTURES
from rbsync.masks.error import MaskError
from rbsync.masks.nifti.file import write_nifti
from rbsync.masks.png.decoding import MAX_PIXELS
from rbsync.masks.volumes.segmentation import check_segmentation
from rbsync.shapes import json_members
from rbsync.sources import context, csv_list
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
    monkeypatch.setattr(amounts, "MARKS_EACH", 30)
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


LINE = '{"label": "car", "points": [[1, 1], [5, 5]], "shape_type": "line", "flags": {}}'
DRAWN_TWICE = {
    "labelme": f'{{"imageWidth": 9, "imageHeight": 9, "shapes": [{LINE}, {LINE}]}}',
    "yolo": "0 0.5 0.5 0.2 0.2\n" * 2,
    "voc": "<annotation><size><width>9</width><height>9</height></size>"
    + "<object><name>car</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>5</ymax>"
    "</bndbox></object>" * 2 + "</annotation>",
    "coco": "",
}


def coco(*images: int) -> dict[str, object]:
    """An annotation of each image that is given, as often as it is."""
    square = [[0, 0, 1, 0, 1, 1, 0, 1]]
    size = {"width": 9, "height": 9}
    return {
        "images": [{"id": at, "file_name": f"{at}.png", **size} for at in sorted({*images})],
        "categories": [{"id": 1, "name": "car"}],
        "annotations": [
            {"id": at, "image_id": one, "category_id": 1, "segmentation": square}
            for at, one in enumerate(images)
        ],
    }


def allowed_once_it_is_meant(project: Project, *arguments: str) -> str:
    """What is refused, and is planned with the number of labels that the hint says."""
    ran = project.run("plan", *arguments)
    assert ran.code == ExitCode.INVALID, ran
    (number,) = re.findall(r"RBSYNC_MAX_LABELS=(\d+)", ran.err)
    assert project.run("plan", *arguments, RBSYNC_MAX_LABELS=number).code == 0
    return ran.err


@pytest.mark.parametrize("tool", DRAWN_TWICE)
def test_more_than_anybody_draws_in_one_picture_is_told(
    project: Project, monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    monkeypatch.setattr(expanding, "MOST_LABELS", 1)
    Image.new("RGB", (9, 9)).save(project.folder / "1.png")
    project.write("1.txt", DRAWN_TWICE[tool] or json.dumps(coco(1, 1)))
    made = f"format: {tool}, file: 1.txt" + (", classes: [car]" if tool == "yolo" else "")
    project.manifest(
        "project: {type: IMAGE_MULTI, taxonomy: [car]}\n"
        f"datapoints: [{{name: a, items: [1.png], labels: {{{made}}}}}]\n"
    )
    assert re.search(
        r"more than 1 labels; so many are|2 annotations; 1 are", allowed_once_it_is_meant(project)
    )


def test_a_file_of_many_datapoints_may_have_more_unless_it_is_a_strangers(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expanding, "MOST_LABELS", 1)
    monkeypatch.setattr(amounts, "MARKS_EACH", 300)
    for at in (1, 2):
        Image.new("RGB", (9, 9), (at, 0, 0)).save(project.folder / f"{at}.png")
    project.write("coco.json", coco(1, 2))
    project.write(
        "list.jsonl", '{"name": "x", "items": ["1.png"]}\n{"name": "y", "items": ["2.png"]}\n'
    )
    head = "project: {type: IMAGE_SEGMENTATION, taxonomy: [car]}\n"
    for sources, said in (
        ("masks: [{coco: coco.json}]\n", "the file has 2 annotations; 1 are allowed"),
        (
            "datapoints: [{items_list: list.jsonl}]\n",
            "list.jsonl:2:1: the list has more than 1 entr",
        ),
    ):
        project.manifest(head + sources)
        assert project.run("plan").code == 0
        assert said in allowed_once_it_is_meant(project, "--untrusted")
    monkeypatch.setattr(amounts, "MARKS_EACH", 10)
    assert "commas and brackets" in allowed_once_it_is_meant(project, "--untrusted")
    project.manifest(head + "masks: [{coco: coco.json}]\n")
    assert "commas and brackets" in allowed_once_it_is_meant(project, "--untrusted")


def test_annotations_that_cover_an_image_again_and_again_are_not_drawn(project: Project) -> None:
    Image.new("RGB", (9, 9)).save(project.folder / "1.png")
    whole = {"size": [9, 9], "counts": [0, 81]}
    content = coco(*[1] * 8)
    drawn = content["annotations"]
    assert isinstance(drawn, list)
    content["annotations"] = [{**one, "segmentation": whole} for one in drawn]
    project.write("coco.json", content)
    head = "project: {type: IMAGE_SEGMENTATION, taxonomy: [car]}\n"
    project.manifest(head + "masks: [{coco: coco.json, max_pixels: 81}]\n")
    ran = project.run("plan")
    assert (ran.code, "486 pixels together, 6 times the limit of one" in ran.err) == (65, True), ran
    project.manifest(head + "masks: [{coco: coco.json, max_pixels: 108}]\n")
    assert project.run("plan").code == 0


def test_a_taxonomy_of_a_million_values_is_not_read(project: Project) -> None:
    project.write("taxonomy.json", "[" + "{}," * 100_000 + "{}]")
    said = refusal(project, "project: {type: IMAGE_BBOX, taxonomy: taxonomy.json}\n")
    assert "it has more than 500,000 commas and brackets; so many are allowed" in said


def test_the_readme_has_the_limits_as_they_are() -> None:
    readme = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")
    section = readme.partition("### Limits\n")[2].partition("\n### ")[0]
    numbers = (
        *(amounts.MOST_LABELS, amounts.USUAL.marks, amounts.OBJECT_MARKS, MAX_PIXELS),
        *(declared_taxonomy.MOST_MARKS, validation._MOST_SEARCHED, LIMITS.nodes, LIMITS.depth),
        *(context.MOST_SEARCHED, context.SOURCES_OF_ALL, roots.MOST_FOLDERS, csv_list.MOST_COLUMNS),
        *(json_members.MOST_NODES, problem.MOST, _PICTURES, order.MOST),
        *(pattern_syntax.MOST_ALTERNATIVES, patterns.MOST_LETTERS, manifest_model._MOST_MOVED),
    )
    assert [one for one in numbers if f"{one:,}" not in section] == []
    sizes = (LIMITS.size, LIMITS.value, label_reading.LIMIT, json_members.MOST_LETTERS)
    assert [one for one in sizes if f"{one >> 20} MiB" not in section] == []
    assert USUAL.letters <= 32 << 20 < 1.01 * USUAL.letters
